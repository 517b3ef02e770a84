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

  /**
   * `digests` are those of the files that {@link next} will be asked for, in that order. A file whose size is not that
   * of its digest becomes `E_STORE_CORRUPT`.
   */
  constructor(digests: readonly Digest[], blobs: BlobReader) {
    this.#digests = digests
    this.#blobs = blobs
  }

  /** The next file in one piece, or in many when it is large; throws what the reader throws. */
  next(): Promise<Uint8Array> | AsyncIterable<Uint8Array> {
    this.#readAhead()
    const digest = this.#digests[this.#at++] as Digest
    const size = sizeOf(digest)
    if (size > WHOLE_FILE) return this.#pieces(digest, size)
    this.#bytesAhead -= size
    return this.#reading.shift() as Promise<Uint8Array>
  }

  #readAhead(): void {
    for (this.#ahead = Math.max(this.#ahead, this.#at); this.#reading.length < FILES_AHEAD; this.#ahead++) {
      const digest = this.#digests[this.#ahead]
      if (digest === undefined) return
      const size = sizeOf(digest)
      if (size > WHOLE_FILE) continue
      if (this.#bytesAhead + size > BYTES_AHEAD) return
      const reading = this.#whole(digest, size)
      // A failure is met when its file is due; until then it must not count as unhandled.
      reading.catch(() => undefined)
      this.#reading.push(reading)
      this.#bytesAhead += size
    }
  }

  async #whole(digest: Digest, size: number): Promise<Uint8Array> {
    const bytes = await this.#blobs.read(digest)
    if (bytes.length !== size) throw otherSize(digest, bytes.length)
    return bytes
  }

  async *#pieces(digest: Digest, size: number): AsyncGenerator<Uint8Array> {
    let length = 0
    for await (const piece of this.#blobs.stream(digest)) {
      length += piece.length
      if (length > size) break
      yield piece
    }
    if (length !== size) throw otherSize(digest, length)
  }
}

function otherSize(digest: Digest, size: number): MrrlError {
  return new MrrlError('E_STORE_CORRUPT', `${hashOf(digest)} has not the size of its digest`, {
    fields: { expected: sizeOf(digest), size },
  })
}
