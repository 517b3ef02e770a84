import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'

/** Files up to this size are read in one piece, larger ones in a stream. */
export const WHOLE_FILE: number = 2 ** 22

const MOST_FILES = 64
const MOST_BYTES = 2 ** 23

/** A file whose turn has come. */
export interface ReadFile {
  readonly digest: Digest
  readonly size: number
  /** Null for a file that is to be streamed. */
  readonly content: Uint8Array | null
}

/** Reads small files side by side, some before their turn, and gives all files in the order of `digests`. */
export async function* readAhead(blobs: BlobReader, digests: Iterable<Digest>): AsyncGenerator<ReadFile> {
  const waiting: { digest: Digest; size: number; content: Promise<Uint8Array> | null }[] = []
  let bytes = 0
  for (const digest of digests) {
    const size = sizeOf(digest)
    const content = size > WHOLE_FILE ? null : readWhole(blobs, digest)
    // A failure is met when it is this file's turn; until then it must not count as unhandled.
    content?.catch(() => undefined)
    waiting.push({ digest, size, content })
    bytes += content === null ? 0 : size
    while (waiting.length >= MOST_FILES || bytes > MOST_BYTES) yield* oldest()
  }
  while (waiting.length > 0) yield* oldest()

  async function* oldest(): AsyncGenerator<ReadFile> {
    const file = waiting.shift()
    if (file === undefined) return
    yield { ...file, content: await file.content }
    bytes -= file.content === null ? 0 : file.size
  }
}

/** Whole content of a file; throws `E_STORE_CORRUPT` when it has not the size of its digest. */
export async function readWhole(blobs: BlobReader, digest: Digest): Promise<Uint8Array> {
  const content = await blobs.read(digest)
  checkSize(digest, content.length)
  return content
}

/** Throws `E_STORE_CORRUPT` when a file has not the size of its digest. */
export function checkSize(digest: Digest, read: number): void {
  if (read === sizeOf(digest)) return
  throw new MrrlError('E_STORE_CORRUPT', 'a file has not the size of its digest', { fields: { digest, read } })
}
