import type { BlobReader, BranchFilter, Image, ImageSink } from '../model/image.ts'
import type { Compression } from '../squashfs/compression.ts'
import { writeSquashfs } from '../squashfs/write.ts'
import type { FileFormat, SquashfsCompression } from './format-names.ts'
import { writeImageFile } from './image-file.ts'
import { type Watch, watchedBlobs } from './watched-blobs.ts'
import { IMAGE_WRITERS } from './writers.ts'

const GZIP_LEVEL = 9
const GZIP_WINDOW = 15
const ZSTD_LEVEL = 15
const SMALLEST_DICTIONARY = 8192

/** How an image file is written. */
export interface PackOptions extends Watch {
  readonly format: FileFormat
  /** For squashfs only. */
  readonly squashfs: SquashfsCompression
  /** Bytes of a squashfs block, a power of two from 4096 to 1048576. */
  readonly blockSize: number
  /** For squashfs with gzip 1 to 9 and with zstd 1 to 22; 'usual' is what mksquashfs takes, 9 and 15. */
  readonly level: number | 'usual'
  /** With xz: filter for programs of this machine. */
  readonly branchFilter: BranchFilter
  /** Blocks packed at once, at least 1; the bytes do not depend on it. */
  readonly parallel: number
}

/** What holds where a caller has no wish, but for the format: a squashfs with zstd in blocks of 128 KiB. */
export const PACK_DEFAULTS: Omit<PackOptions, 'format'> = {
  squashfs: 'zstd',
  blockSize: 2 ** 17,
  level: 'usual',
  branchFilter: 'none',
  parallel: 4,
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/**
 * Writes an image to a file that has its name only when it is complete; returns its size in bytes.
 * Throws `E_IMAGE` when the format cannot hold an entry or has no such setting, `E_TARGET`, `E_INTERRUPTED` when
 * aborted, and what `blobs` throws.
 */
export async function packImage(image: Image, blobs: BlobReader, file: string, options: PackOptions): Promise<number> {
  const watched = watchedBlobs(blobs, options)
  return writeImageFile(file, (sink) => write(image, watched, sink, options))
}

async function write(image: Image, blobs: BlobReader, sink: ImageSink, options: PackOptions): Promise<void> {
  if (options.format !== 'squashfs') return IMAGE_WRITERS[options.format].write(image, blobs, sink, options)
  const { blockSize, parallel } = options
  const compression = compressionOf(options)
  return writeSquashfs(image, blobs, sink, { compression, blockSize, fragments: true, exportable: true, parallel })
}

/** Settings of the compressors as the C tools have them: the whole window of gzip, a dictionary as large as a block. */
function compressionOf({ squashfs, level, blockSize, branchFilter }: PackOptions): Compression {
  if (squashfs === 'gzip') return { method: 'gzip', level: level === 'usual' ? GZIP_LEVEL : level, window: GZIP_WINDOW }
  if (squashfs === 'zstd') return { method: 'zstd', level: level === 'usual' ? ZSTD_LEVEL : level }
  return { method: 'xz', branchFilter, dictionarySize: Math.max(blockSize, SMALLEST_DICTIONARY) }
}
