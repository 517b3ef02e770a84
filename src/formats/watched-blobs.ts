import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { interrupted } from './file-error.ts'

/** What happens while content is read. */
export interface Watch {
  readonly signal: AbortSignal
  /** Told now and then how many bytes of different files have been read. */
  readonly onProgress: (bytes: number) => void
}

/** A reader that counts what is read through it, each digest once, and ends with `E_INTERRUPTED` when aborted. */
export function watchedBlobs(blobs: BlobReader, { signal, onProgress }: Watch): BlobReader {
  const seen = new Set<Digest>()
  let bytes = 0
  const count = (more: number): void => {
    if (signal.aborted) throw interrupted('packing')
    bytes += more
    onProgress(bytes)
  }
  return {
    async read(digest) {
      const content = await blobs.read(digest)
      count(seen.has(digest) ? 0 : sizeOf(digest))
      seen.add(digest)
      return content
    },
    async *stream(digest) {
      const isNew = !seen.has(digest)
      seen.add(digest)
      for await (const piece of blobs.stream(digest)) {
        count(isNew ? piece.length : 0)
        yield piece
      }
    },
  }
}
