import { once } from 'node:events'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { archiveError } from './archive-error.ts'
import { ByteReader } from './byte-reader.ts'

const OUTPUT_PIECE = 256 << 10
const ZSTD_FRAME = 0xfd2fb528
const ZSTD_SKIPPABLE_FRAME = 0x184d2a50

type Codec = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>

/** Decodes gzip: members in a row, CRCs and lengths checked by zlib; only zeros may follow. Throws `E_ARCHIVE`. */
export async function* gunzip(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(input)
  try {
    yield* decode(reader, createGunzip({ chunkSize: OUTPUT_PIECE }), 'gzip')
    if (!(await reader.onlyZeros())) throw archiveError('E_ARCHIVE', 'holds other bytes after its gzip data')
  } finally {
    await reader.close()
  }
}

/** Decodes zstd: frames in a row, checksums checked by libzstd; nothing may follow. Throws `E_ARCHIVE`. */
export async function* unzstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(input)
  try {
    do {
      yield* decode(reader, createZstdDecompress({ chunkSize: OUTPUT_PIECE }), 'zstd')
      const head = await reader.peek(4)
      if (head.length > 0 && !isZstd(head)) throw archiveError('E_ARCHIVE', 'holds other bytes after its zstd data')
    } while ((await reader.peek(1)).length > 0)
  } finally {
    await reader.close()
  }
}

/** True for the first four bytes of a zstd frame, RFC 8878 section 3.1. */
export function isZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false
  const magic = Buffer.from(head.buffer, head.byteOffset, 4).readUInt32LE()
  return magic === ZSTD_FRAME || (magic & ~15) === ZSTD_SKIPPABLE_FRAME
}

/** Runs a decoder of Node's on its thread; bytes that it does not take are put back into the reader. */
async function* decode(reader: ByteReader, codec: Codec, name: string): AsyncGenerator<Uint8Array> {
  const unsure: Uint8Array[] = []
  let unsureFrom = 0
  let ended = false
  let failure: unknown
  const end = new Promise<void>((resolve) => {
    const stop = (): void => {
      ended = true
      resolve()
    }
    codec.once('end', stop).once('close', stop)
  })
  const feed = async (): Promise<void> => {
    for (let piece = await reader.some(); piece !== undefined; piece = await reader.some()) {
      unsure.push(piece)
      if (ended) return
      for (; unsureFrom + (unsure[0]?.length ?? 0) < codec.bytesWritten; unsure.shift()) {
        unsureFrom += unsure[0]?.length ?? 0
      }
      if (!codec.write(piece)) await Promise.race([once(codec, 'drain').catch(() => undefined), end])
    }
    if (!ended) codec.end()
  }
  codec.on('error', () => undefined)
  const start = reader.position
  const fed = feed().catch((error: unknown) => {
    failure = error
    codec.destroy()
  })
  try {
    for await (const piece of codec) yield piece as Uint8Array
    await fed
  } catch (error) {
    if (failure !== undefined) throw failure
    throw archiveError('E_ARCHIVE', `holds damaged ${name} data: ${message(error)}`, { cause: error })
  } finally {
    codec.destroy()
    await fed
  }
  if (failure !== undefined) throw failure
  for (let left = reader.position - start - codec.bytesWritten; left > 0; ) {
    const piece = unsure.pop()
    if (piece === undefined) break
    const unused = piece.subarray(Math.max(0, piece.length - left))
    left -= unused.length
    reader.unread(unused)
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
