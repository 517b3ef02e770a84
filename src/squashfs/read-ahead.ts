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

interface WaitingFile {
  readonly digest: Digest
  readonly size: number
  readonly content: Promise<Uint8Array> | null
}

/** Reads small files side by side, some before their turn, and gives all files in the order of `digests`. */
export async function* readAhead(blobs: BlobReader, digests: Iterable<Digest>): AsyncGenerator<ReadFile> {
  const waiting: WaitingFile[] = []
  let bytes = 0
  for (const digest of digests) {
    const file = startReading(blobs, digest)
    waiting.push(file)
    bytes += heldBy(file)
    while (waiting.length >= MOST_FILES || bytes > MOST_BYTES) {
      const oldest = waiting.shift() as WaitingFile
      bytes -= heldBy(oldest)
      yield { digest: oldest.digest, size: oldest.size, content: await oldest.content }
    }
  }
  for (const { digest, size, content } of waiting) yield { digest, size, content: await content }
}

function startReading(blobs: BlobReader, digest: Digest): WaitingFile {
  const size = sizeOf(digest)
  if (size > WHOLE_FILE) return { digest, size, content: null }
  const content = readWhole(blobs, digest)
  // A failure is met when it is this file's turn; until then it must not count as unhandled.
  content.catch(() => undefined)
  return { digest, size, content }
}

function heldBy(file: WaitingFile): number {
  return file.content === null ? 0 : file.size
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
