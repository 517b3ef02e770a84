import { type FileContent, streamWhole } from '../model/file-content.ts'
import type { BlobReader } from '../model/image.ts'
import { cut } from '../util/cut.ts'

/**
 * Cuts a file into blocks of `blockSize`, the last of which may be shorter. They belong to the caller and do not
 * change. Throws `E_STORE_CORRUPT` when the file has not the size of its digest.
 */
export async function* blocksOf(file: FileContent, blobs: BlobReader, blockSize: number): AsyncGenerator<Uint8Array> {
  if (file.content !== null) {
    for (let at = 0; at < file.size; at += blockSize) yield file.content.subarray(at, at + blockSize)
    return
  }
  yield* cut(streamWhole(blobs, file.digest), blockSize)
}

/** Whether two files begin with the same `length` bytes, a multiple of the block size or the size of both. */
export async function haveSameStart(
  files: readonly [FileContent, FileContent],
  length: number,
  blobs: BlobReader,
  blockSize: number,
): Promise<boolean> {
  const [one, other] = files.map((file) => blocksOf(file, blobs, blockSize)) as [Blocks, Blocks]
  try {
    for (let at = 0; at < length; at += blockSize) {
      const [a, b] = [await one.next(), await other.next()]
      if (a.done === true || b.done === true || Buffer.compare(a.value, b.value) !== 0) return false
    }
    return true
  } finally {
    await one.return(undefined)
    await other.return(undefined)
  }
}

type Blocks = AsyncGenerator<Uint8Array>
