import { type Digest, hashOf, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'

/** Files up to this many bytes go through memory in one piece and are read ahead. */
const WHOLE_FILE = 1 << 20
const FILES_AHEAD = 32
const BYTES_AHEAD = 8 << 20

/**
 * The contents of files in a known order, small ones read ahead: most of the time of a small file is spent waiting for
 * the file system. At most 32 files and 8 MiB are on their way.
 */
export class Contents {
  readonly #digests: readonly Digest[]
  readonly #blobs: BlobReader
  readonly #reading: Promise<Uint8Array>[] = []
  #at = 0
  #ahead = 0
  #bytesAhead = 0

  /** `digests` are those of the files that {@link next} will be asked for, in that order, without empty ones. */
  constructor(digests: readonly Digest[], blobs: BlobReader) {
    this.#digests = digests
    this.#blobs = blobs
  }

  /** The next file in pieces; throws what the reader throws, and `E_STORE_CORRUPT` when its size is not the digest's. */
  async *next(): AsyncGenerator<Uint8Array> {
    this.#readAhead()
    const digest = this.#digests[this.#at++] as Digest
    const size = sizeOf(digest)
    let length = 0
    if (size <= WHOLE_FILE) {
      const bytes = await (this.#reading.shift() as Promise<Uint8Array>)
      this.#bytesAhead -= size
      length = bytes.length
      if (length === size) yield bytes
    } else {
      for await (const piece of this.#blobs.stream(digest)) {
        length += piece.length
        if (length > size) break
        yield piece
      }
    }
    if (length !== size) {
      throw new MrrlError('E_STORE_CORRUPT', `${hashOf(digest)} has not the size of its digest`, {
        fields: { expected: size, size: length },
      })
    }
  }

  #readAhead(): void {
    for (this.#ahead = Math.max(this.#ahead, this.#at); this.#reading.length < FILES_AHEAD; this.#ahead++) {
      const digest = this.#digests[this.#ahead]
      if (digest === undefined) return
      const size = sizeOf(digest)
      if (size > WHOLE_FILE) continue
      if (this.#bytesAhead + size > BYTES_AHEAD) return
      const reading = this.#blobs.read(digest)
      // A failure is met when its file is due; until then it must not count as unhandled.
      reading.catch(() => undefined)
      this.#reading.push(reading)
      this.#bytesAhead += size
    }
  }
}
