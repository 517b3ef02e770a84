import { availableParallelism } from 'node:os'
import type { BlobReader, Image, ImageSink, ImageWriter, WriterOptions } from '../model/image.ts'
import { writeSquashfs } from '../squashfs/write.ts'

/** The largest block, which packs best. */
const BLOCK_SIZE = 2 ** 20

/** `rootfs.squashfs`: xz, with the x86 filter where it helps. */
export const squashfsWriter: ImageWriter = {
  format: 'squashfs',
  fileName: 'rootfs.squashfs',
  version: 2,
  async write(image: Image, blobs: BlobReader, sink: ImageSink, options: WriterOptions): Promise<void> {
    await writeSquashfs(image, blobs, sink, {
      compression: {
        method: 'xz',
        // Kernels before 6.10 cannot mount an image packed with the ARM64 filter.
        branchFilter: options.branchFilter === 'arm64' ? 'none' : options.branchFilter,
        dictionarySize: BLOCK_SIZE,
      },
      blockSize: BLOCK_SIZE,
      fragments: true,
      exportable: true,
      parallel: availableParallelism() + 1,
    })
  },
}
