import { MrrlError } from '../util/errors.ts'
import { type Digest, hashOf, sizeOf } from './digest.ts'
import type { BlobReader } from './image.ts'

/** Files up to this many bytes are read in one piece, larger ones in a stream. */
export const WHOLE_FILE: number = 2 ** 22

const FILES_AHEAD = 64
const BYTES_AHEAD = 2 ** 23

/** A file whose turn has come. */
export interface FileContent {
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

/**
 * Reads small files side by side, some before their turn, and gives all files in the order of `digests`. At most 64
 * files and 8 MiB, or one file, are on their way. Throws `E_STORE_CORRUPT` for a file that has not the size of its
 * digest, and what the reader throws, when it is that file's turn.
 */
export async function* readInOrder(blobs: BlobReader, digests: Iterable<Digest>): AsyncGenerator<FileContent> {
  const waiting: WaitingFile[] = []
  let bytes = 0
  for (const digest of digests) {
    const file = startReading(blobs, digest)
    waiting.push(file)
    bytes += heldBy(file)
    while (waiting.length >= FILES_AHEAD || bytes > BYTES_AHEAD) {
      const oldest = waiting.shift() as WaitingFile
      bytes -= heldBy(oldest)
      yield { digest: oldest.digest, size: oldest.size, content: await oldest.content }
    }
  }
  for (const { digest, size, content } of waiting) yield { digest, size, content: await content }
}

/** Whole content of a file; throws `E_STORE_CORRUPT` when it has not the size of its digest. */
export async function readWhole(blobs: BlobReader, digest: Digest): Promise<Uint8Array> {
  const content = await blobs.read(digest)
  if (content.length !== sizeOf(digest)) throw otherSize(digest, content.length)
  return content
}

/** A file piece by piece; throws `E_STORE_CORRUPT`, after the last good piece, when it has not the size of its digest. */
export async function* streamWhole(blobs: BlobReader, digest: Digest): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const piece of blobs.stream(digest)) {
    length += piece.length
    if (length > sizeOf(digest)) break
    yield piece
  }
  if (length !== sizeOf(digest)) throw otherSize(digest, length)
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

function otherSize(digest: Digest, read: number): MrrlError {
  return new MrrlError('E_STORE_CORRUPT', `${hashOf(digest)} has not the size of its digest`, {
    fields: { digest, expected: sizeOf(digest), read },
  })
}
