import { availableParallelism } from 'node:os'
import type { BlobReader, Image, ImageSink, ImageWriter, WriterOptions } from '../../model/image.ts'
import { writeSquashfs } from '../../squashfs/write.ts'

/** The largest block, which packs best. */
const BLOCK_SIZE = 2 ** 20

/** `rootfs.squashfs`: xz, with the machine's branch filter where it helps. */
export const squashfsWriter: ImageWriter = {
  format: 'squashfs',
  fileName: 'rootfs.squashfs',
  version: 1,
  async write(image: Image, blobs: BlobReader, sink: ImageSink, { branchFilter }: WriterOptions): Promise<void> {
    const parallel = availableParallelism() + 1
    await writeSquashfs(image, blobs, sink, { compression: 'xz', blockSize: BLOCK_SIZE, branchFilter, parallel })
  },
}
