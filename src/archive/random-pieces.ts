import type { RandomAccess } from '../model/image-reader.ts'

const PIECE = 1 << 20

/** The bytes of a file from its start, piece by piece; what is not wanted is never read. */
export class RandomPieces implements AsyncIterator<Uint8Array> {
  readonly #source: RandomAccess
  #offset = 0

  constructor(source: RandomAccess) {
    this.#source = source
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const length = Math.min(PIECE, this.#source.size - this.#offset)
    if (length <= 0) return { done: true, value: undefined }
    const value = await this.#source.read(this.#offset, length)
    this.#offset += length
    return { done: false, value }
  }

  /** Passes over up to `count` bytes of what has not been given out; returns how many there were. */
  skip(count: number): number {
    const skipped = Math.min(count, this.#source.size - this.#offset)
    this.#offset += skipped
    return skipped
  }
}
