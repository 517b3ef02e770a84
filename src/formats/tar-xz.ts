import { sizeOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageSink, ImageWriter, WriterOptions } from '../model/image.ts'
import { dictionaryFor } from '../util/xz/dictionary.ts'
import { xzCompressStream } from '../util/xz/encode.ts'
import { tarBytes } from './tar.ts'

/** The dictionary of `xz -9`; a larger one would ask too much memory of whoever unpacks. */
const MAX_DICTIONARY = 2 ** 26
/** Header and padding of one entry, on average; only the size of the dictionary depends on it. */
const ENTRY_OVERHEAD = 1024

/** `rootfs.tar.xz`: tar in one xz stream with CRC64, the machine's branch filter and LZMA2 at its best preset. */
export const tarXzWriter: ImageWriter = {
  format: 'tar.xz',
  fileName: 'rootfs.tar.xz',
  version: 1,
  async write(image: Image, blobs: BlobReader, sink: ImageSink, options: WriterOptions): Promise<void> {
    const settings = {
      check: 'crc64',
      filter: options.branchFilter,
      preset: 9,
      dictionarySize: dictionaryFor(roughSize(image), MAX_DICTIONARY),
    } as const
    for await (const piece of xzCompressStream(tarBytes(image, blobs), settings)) await sink.write(piece)
  },
}

function roughSize(image: Image): number {
  return image.entries.reduce(
    (sum, entry) => sum + ENTRY_OVERHEAD + (entry.kind === 'file' ? sizeOf(entry.digest) : 0),
    0,
  )
}
