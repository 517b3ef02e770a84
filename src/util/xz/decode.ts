import { MrrlError } from '../errors.ts'
import { BlockDecoder } from './block-decoder.ts'
import { ByteSource } from './byte-source.ts'
import { readContainer } from './container.ts'

/** Limits of {@link xzDecompress}. */
export interface XzLimits {
  /** Most bytes the input may unpack to. */
  readonly maxBytes: number
}

// xz -9 uses 64 MiB; what needs more than this to unpack is not a source archive.
const MAX_DICTIONARY = 64 * 2 ** 20
// Unpacked bytes on their way: enough for two blocks of `xz -T0` (24 MiB each) to be unpacked side by side.
const MAX_PENDING = 64 * 2 ** 20
const MAX_RUNNING = 4

/**
 * Unpacks an `.xz` file while it is read; blocks are unpacked in parallel, the output is in order.
 * Checks headers, checksums, index and footer; concatenated streams and stream padding are read as `xz -d` does.
 *
 * Throws `E_ARCHIVE` on damaged or truncated input and on anything behind the last stream, `E_ARCHIVE_LIMIT` before
 * more than `limits.maxBytes` are made. Pieces come before their checksum is known: keep nothing until the end is
 * reached. Memory: the dictionary (refused above 64 MiB) and about 64 MiB.
 */
export async function* xzDecompress(input: AsyncIterable<Uint8Array>, limits: XzLimits): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(input)
  const blocks: BlockDecoder[] = []
  let unpacked = 0
  let pending = 0

  // Hands out pieces of the oldest blocks until no more than so many bytes and blocks are on their way.
  const drain = async function* (maxPending: number, maxBlocks: number): AsyncGenerator<Uint8Array> {
    while (blocks[0] !== undefined && (pending > maxPending || blocks.length > maxBlocks)) {
      const piece = await blocks[0].next()
      if (piece === null) blocks.shift()
      else if (piece.length > 0) {
        pending -= piece.length
        yield piece
      }
    }
  }

  try {
    for await (const event of readContainer(source)) {
      if (event.kind === 'block') {
        refuseAbove(MAX_DICTIONARY, event.header.dictionarySize, 'dictionary')
        yield* drain(MAX_PENDING, MAX_RUNNING - 1)
        blocks.push(new BlockDecoder(event.header, event.check))
      } else if (event.kind === 'chunk') {
        unpacked += event.unpackedSize
        pending += event.unpackedSize
        refuseAbove(limits.maxBytes, unpacked, 'content')
        blocks.at(-1)?.push(event.bytes, event.unpackedSize)
        for (let piece = blocks[0]?.ready(); piece !== undefined; piece = blocks[0]?.ready()) {
          pending -= piece.length
          if (piece.length > 0) yield piece
        }
        if (pending > MAX_PENDING) yield* drain(MAX_PENDING / 2, MAX_RUNNING)
      } else {
        blocks.at(-1)?.end(event.storedCheck)
      }
    }
    yield* drain(0, 0)
  } finally {
    for (const block of blocks) block.abandon()
    await source.close()
  }
}

function refuseAbove(limit: number, size: number, what: string): void {
  if (size <= limit) return
  throw new MrrlError('E_ARCHIVE_LIMIT', `xz: ${what} larger than allowed`, { fields: { size, limit } })
}
