import { constants, crc32, createDeflateRaw, createZstdCompress } from 'node:zlib'
import type { BranchFilter } from '../model/image.ts'
import type { Check } from '../util/xz/check.ts'
import { dictionaryFor } from '../util/xz/dictionary.ts'
import { xzCompressBlocks, xzCompressStream } from '../util/xz/encode.ts'
import { Batch } from './batch.ts'

/** Ways to pack a stream, named like the suffix of the file. */
export type StreamCompression = 'none' | 'gz' | 'zst' | 'xz'

/** Options of {@link compressStream}; the same bytes and options give the same bytes. */
export interface CompressOptions {
  /** About as many bytes as will come: xz takes no larger dictionary than they need. */
  readonly roughSize: number
  /** Machine whose branches xz makes absolute. */
  readonly branchFilter: BranchFilter
  /** Check that xz adds. */
  readonly check: Check
  /** How xz cuts what it packs. */
  readonly blocks: XzBlocks
}

/** One block, which packs best, or independent ones of `size` bytes, `parallel` of which are packed at once. */
export type XzBlocks = 'one' | { readonly size: number; readonly parallel: number }

/** The dictionary of `xz -9`; a larger one would ask too much memory of whoever unpacks. */
const MAX_DICTIONARY = 2 ** 26
const XZ_PRESET = 9
const ZSTD_LEVEL = 19
const GZIP_LEVEL = 9
const OUTPUT_PIECE = 256 << 10

/**
 * Packs a stream. What the result depends on besides the bytes is the version of the compressor: `@napi-rs/lzma` is
 * pinned, zlib and libzstd come with Node (see `docs/formats/tar.md`). How the input is cut has no influence, nor has
 * the number of processors. Throws what the input throws.
 */
export function compressStream(
  pieces: AsyncIterable<Uint8Array>,
  compression: StreamCompression,
  options: CompressOptions,
): AsyncIterable<Uint8Array> {
  if (compression === 'gz') return gzip(pieces)
  if (compression === 'zst') return zstd(pieces, ZSTD_LEVEL)
  if (compression === 'xz') return xz(pieces, options)
  return pieces
}

function xz(pieces: AsyncIterable<Uint8Array>, options: CompressOptions): AsyncIterable<Uint8Array> {
  const { roughSize, branchFilter, check, blocks } = options
  const reach = blocks === 'one' ? roughSize : Math.min(roughSize, blocks.size)
  const settings = {
    check,
    filter: branchFilter,
    preset: XZ_PRESET,
    dictionarySize: dictionaryFor(reach, MAX_DICTIONARY),
  }
  return blocks === 'one' ? xzCompressStream(pieces, settings) : xzCompressBlocks(pieces, settings, blocks)
}

/** RFC 1952, section 2.3: deflate, no flags, no time, slowest algorithm, unknown system. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255)

/** One gzip member. The header is ours: zlib writes the system it runs on into it. */
async function* gzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let checksum = 0
  let size = 0
  const measured = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      checksum = crc32(piece, checksum)
      size += piece.length
      yield piece
    }
  }
  yield GZIP_HEADER
  yield* transform(measured(), createDeflateRaw({ level: GZIP_LEVEL, chunkSize: OUTPUT_PIECE }))
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(size % 2 ** 32, 4)
  yield trailer
}

/** One zstd frame with a checksum and without the size of the content, which is not known when it starts. */
export function zstd(pieces: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array> {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 0,
    [constants.ZSTD_c_enableLongDistanceMatching]: 0,
  }
  return transform(pieces, createZstdCompress({ params, chunkSize: OUTPUT_PIECE }))
}

type Codec = ReturnType<typeof createDeflateRaw> | ReturnType<typeof createZstdCompress>

/** Runs a compressor of Node's on its thread. */
async function* transform(pieces: AsyncIterable<Uint8Array>, codec: Codec): AsyncGenerator<Uint8Array> {
  let failure: { readonly error: unknown } | undefined
  const feed = async (): Promise<void> => {
    const batch = new Batch()
    for await (const piece of pieces) for (const full of batch.add(piece)) await write(codec, full)
    for (const last of batch.end()) await write(codec, last)
    // Only now, with nothing left to write: libzstd chooses other parameters when all of its input comes with the end.
    codec.end()
  }
  const fed = feed().catch((error: unknown) => {
    failure = { error }
    codec.destroy()
  })
  try {
    for await (const piece of codec) yield piece as Uint8Array
  } catch (error) {
    if (failure === undefined) throw error
  } finally {
    codec.destroy()
    await fed
  }
  if (failure !== undefined) throw failure.error
}

/** Resolves when the compressor has taken all of the bytes. */
async function write(codec: Codec, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((done, fail) => {
    codec.write(bytes, (error) => (error == null ? done() : fail(error)))
  })
}
