import { MrrlError } from '../errors.ts'
import { BlockDecoder } from './block-decoder.ts'
import { type BlockHeader, decodeBlockHeader } from './block-header.ts'
import { ByteSource } from './byte-source.ts'
import { type Check, checkSize } from './check.ts'
import { checkIndex, type IndexRecord } from './index-field.ts'
import { readLzma2Chunk } from './lzma2-chunk.ts'
import { decodeStreamFooter, decodeStreamHeader, FRAME_SIZE } from './stream-frame.ts'

/** Limits of {@link xzDecompress}. */
export interface XzLimits {
  /** Most bytes the input may unpack to. */
  readonly maxBytes: number
}

// xz -9 uses 64 MiB; what needs more than this to unpack is not a source archive.
const MAX_DICTIONARY = 256 * 2 ** 20
// Unpacked bytes on their way: enough for two blocks of `xz -T0` (24 MiB each) to be unpacked side by side.
const MAX_PENDING = 64 * 2 ** 20
const MAX_RUNNING = 4

/**
 * Unpacks an `.xz` file while it is read; blocks are unpacked in parallel, the output is in order.
 * Checks headers, checksums, index and footer; concatenated streams and stream padding are read as `xz -d` does.
 *
 * Throws `E_ARCHIVE` on damaged or truncated input and on anything behind the last stream, `E_ARCHIVE_LIMIT` before
 * more than `limits.maxBytes` are made. Memory: the dictionary (refused above 256 MiB) and about 64 MiB.
 */
export async function* xzDecompress(input: AsyncIterable<Uint8Array>, limits: XzLimits): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(input)
  const running: BlockDecoder[] = []
  let pending = 0
  const drain = async function* (limit: number, blocks: number): AsyncGenerator<Uint8Array> {
    for (let first = running[0]; first !== undefined && (pending > limit || running.length > blocks); ) {
      const piece = await first.next()
      if (piece === null) {
        running.shift()
        first = running[0]
      } else {
        pending -= piece.length
        if (piece.length > 0) yield piece
      }
    }
  }
  try {
    for await (const event of readContainer(source, limits)) {
      if (event.kind === 'block') {
        yield* drain(Number.POSITIVE_INFINITY, MAX_RUNNING - 1)
        running.push(new BlockDecoder(event.header, event.check))
        continue
      }
      const block = running.at(-1) as BlockDecoder
      if (event.kind === 'chunk') {
        pending += event.unpackedSize
        block.push(event.bytes, event.unpackedSize)
        if (pending > MAX_PENDING) yield* drain(MAX_PENDING / 2, MAX_RUNNING)
      } else {
        block.end(event.storedCheck)
      }
    }
    yield* drain(-1, 0)
  } finally {
    for (const block of running) block.abandon()
    await source.close()
  }
}

type Event =
  | { readonly kind: 'block'; readonly header: BlockHeader; readonly check: Check }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array; readonly unpackedSize: number }
  | { readonly kind: 'end'; readonly storedCheck: Uint8Array }

async function* readContainer(source: ByteSource, limits: XzLimits): AsyncGenerator<Event> {
  let unpacked = 0
  do {
    const check = decodeStreamHeader(await source.read(FRAME_SIZE))
    const records: IndexRecord[] = []
    for (;;) {
      const start = source.position
      const sizeByte = await source.readByte()
      if (sizeByte === 0) break
      const rest = await source.read(sizeByte * 4 + 3)
      const header = decodeBlockHeader(Buffer.concat([Uint8Array.of(sizeByte), rest]))
      if (header.dictionarySize > MAX_DICTIONARY) throw tooLarge('dictionary', header.dictionarySize, MAX_DICTIONARY)
      yield { kind: 'block', header, check }
      const dataStart = source.position
      let unpackedSize = 0
      for (let size = -1; size !== 0; ) {
        const chunk = await readLzma2Chunk(source, size === -1)
        size = chunk.unpackedSize
        unpackedSize += size
        if (unpacked + unpackedSize > limits.maxBytes) throw tooLarge('content', unpacked + unpackedSize, limits.maxBytes)
        yield { kind: 'chunk', bytes: chunk.bytes, unpackedSize: size }
      }
      unpacked += unpackedSize
      const compressedSize = source.position - dataStart
      if ((header.compressedSize ?? compressedSize) !== compressedSize) throw wrongSize()
      if ((header.unpackedSize ?? unpackedSize) !== unpackedSize) throw wrongSize()
      await readPadding(source, (4 - (compressedSize % 4)) % 4)
      const storedCheck = Buffer.from(await source.read(checkSize(check)))
      const padding = (4 - (compressedSize % 4)) % 4
      records.push({ unpaddedSize: source.position - start - padding, unpackedSize })
      yield { kind: 'end', storedCheck }
    }
    const indexSize = await checkIndex(source, records)
    decodeStreamFooter(await source.read(FRAME_SIZE), { check, indexSize })
  } while (await moreStreams(source))
}

// Stream padding is zeros, a multiple of four (xz format 1.1.0, section 2.2); another stream may follow.
async function moreStreams(source: ByteSource): Promise<boolean> {
  for (;;) {
    if (await source.atEnd()) return false
    const peeked = source.peekByte()
    if (peeked !== 0) {
      if (peeked === 0xfd) return true
      throw new MrrlError('E_ARCHIVE', 'xz: data behind the end of the archive', { fields: { offset: source.position } })
    }
    await readPadding(source, 4)
  }
}

async function readPadding(source: ByteSource, count: number): Promise<void> {
  if ((await source.read(count)).some((byte) => byte !== 0)) throw new MrrlError('E_ARCHIVE', 'xz: padding is not zero')
}

function wrongSize(): MrrlError {
  return new MrrlError('E_ARCHIVE', 'xz: a block is not as large as its header says')
}

function tooLarge(what: string, size: number, limit: number): MrrlError {
  return new MrrlError('E_ARCHIVE_LIMIT', `xz: ${what} larger than allowed`, { fields: { size, limit } })
}
