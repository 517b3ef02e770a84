import { sizeOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageWriter } from '../model/image.ts'
import { type CompressOptions, compressStream, type StreamCompression } from './compress-stream.ts'
import { cpioBytes } from './cpio.ts'
import { tarBytes } from './tar.ts'

/** Header and padding of one entry, on average; only the size of the dictionary depends on it. */
const ENTRY_OVERHEAD = 1024

type PackBytes = (image: Image, blobs: BlobReader) => AsyncIterable<Uint8Array>
type XzOptions = Pick<CompressOptions, 'check' | 'branchFilter'>
type ChooseXz = (filter: CompressOptions['branchFilter']) => XzOptions

/** CRC64 and the machine's branch filter, as `xz` has them by default. */
const forTar: ChooseXz = (branchFilter) => ({ check: 'crc64', branchFilter })

/** The kernel's decoder checks CRC32 only, and knows the ARM64 filter from Linux 6.10 on. */
const forKernel: ChooseXz = (filter) => ({ check: 'crc32', branchFilter: filter === 'arm64' ? 'none' : filter })

export const tarWriter: ImageWriter = writer('tar', 'none', tarBytes, forTar)
export const tarGzWriter: ImageWriter = writer('tar.gz', 'gz', tarBytes, forTar)
export const tarZstWriter: ImageWriter = writer('tar.zst', 'zst', tarBytes, forTar)
export const tarXzWriter: ImageWriter = writer('tar.xz', 'xz', tarBytes, forTar)
export const cpioWriter: ImageWriter = writer('cpio', 'none', cpioBytes, forKernel)
export const cpioGzWriter: ImageWriter = writer('cpio.gz', 'gz', cpioBytes, forKernel)
export const cpioZstWriter: ImageWriter = writer('cpio.zst', 'zst', cpioBytes, forKernel)
export const cpioXzWriter: ImageWriter = writer('cpio.xz', 'xz', cpioBytes, forKernel)

function writer(format: string, compression: StreamCompression, packBytes: PackBytes, chooseXz: ChooseXz): ImageWriter {
  return {
    format,
    fileName: `rootfs.${format}`,
    version: 1,
    async write(image, blobs, sink, { branchFilter }) {
      const options = { ...chooseXz(branchFilter), roughSize: roughSize(image), blocks: 'one' } as const
      for await (const piece of compressStream(packBytes(image, blobs), compression, options)) await sink.write(piece)
    },
  }
}

function roughSize(image: Image): number {
  return image.entries.reduce(
    (sum, entry) => sum + ENTRY_OVERHEAD + (entry.kind === 'file' ? sizeOf(entry.digest) : 0),
    0,
  )
}
