import type { RandomAccess } from '../model/image-reader.ts'
import { isZero } from '../util/zeros.ts'
import { archiveError } from './archive-error.ts'
import { RandomPieces } from './random-pieces.ts'

const NOTHING: Uint8Array = new Uint8Array(0)

/** What archives are read from: a stream of pieces, or a file in which what is not wanted can be passed over. */
export type ArchiveInput = AsyncIterable<Uint8Array> | RandomAccess

/** Reads exact amounts from a stream of pieces. The bytes it returns must not be changed. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #piece: Uint8Array = NOTHING
  /** Bytes of the piece that are taken: a view of the rest for each field would cost more than the field. */
  #used = 0
  #position = 0

  constructor(input: ArchiveInput) {
    this.#source = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : new RandomPieces(input)
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position
  }

  /** The next 1 to `most` bytes, or undefined at the end. */
  async some(most: number = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    while (this.#left === 0) {
      const next = await this.#source.next()
      if (next.done === true) return undefined
      this.#hold(next.value)
    }
    return this.#take(Math.min(most, this.#left))
  }

  /** The next `count` bytes if they are at hand: what saves waiting for each of many small fields. */
  ready(count: number): Uint8Array | undefined {
    return this.#left >= count ? this.#take(count) : undefined
  }

  /** Passes over the next `count` bytes if they are at hand; else nothing has happened. */
  pass(count: number): boolean {
    if (this.#left < count) return false
    this.#used += count
    this.#position += count
    return true
  }

  /** The next `count` bytes, or undefined when the stream has ended before them; throws `E_ARCHIVE` within them. */
  async maybe(count: number): Promise<Uint8Array | undefined> {
    if (this.#left >= count) return this.#take(count)
    const found = await this.peek(count)
    if (found.length === 0) return undefined
    if (found.length < count) {
      throw archiveError(
        'E_ARCHIVE',
        `is cut off: ${count} bytes are due at ${this.#position}, ${found.length} are there`,
      )
    }
    return this.#take(count)
  }

  /** The next `count` bytes; throws `E_ARCHIVE` when the stream ends before. */
  async exact(count: number): Promise<Uint8Array> {
    if (count === 0) return NOTHING
    const found = await this.maybe(count)
    if (found === undefined) throw archiveError('E_ARCHIVE', `is cut off after ${this.#position} bytes`)
    return found
  }

  /** Passes over `count` bytes. */
  async skip(count: number): Promise<void> {
    let left = count
    if (count > this.#left && this.#source instanceof RandomPieces) {
      left -= this.#source.skip(count - this.#left)
      this.#position += count - left
    }
    while (left > 0) {
      const piece = await this.some(left)
      if (piece === undefined) throw archiveError('E_ARCHIVE', `is cut off after ${this.#position} bytes`)
      left -= piece.length
    }
  }

  /** Up to `count` of the next bytes without taking them; fewer only at the end of the stream. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#left >= count) return this.#piece.subarray(this.#used, this.#used + count)
    const pieces = this.#left === 0 ? [] : [this.#piece.subarray(this.#used)]
    for (let have = this.#left; have < count; ) {
      const next = await this.#source.next()
      if (next.done === true) break
      pieces.push(next.value)
      have += next.value.length
    }
    this.#hold(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces))
    return this.#piece.subarray(0, count)
  }

  /** Puts bytes back in front of what is to be read. */
  unread(bytes: Uint8Array): void {
    this.#position -= bytes.length
    this.#hold(this.#left === 0 ? bytes : Buffer.concat([bytes, this.#piece.subarray(this.#used)]))
  }

  /** All that is left, piece by piece. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece = await this.some(); piece !== undefined; piece = await this.some()) yield piece
  }

  /** True when all that is left is zeros; reads to the end. */
  async onlyZeros(): Promise<boolean> {
    for await (const piece of this.rest()) if (!isZero(piece)) return false
    return true
  }

  /** Lets go of the stream before its end. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  /** Bytes at hand. */
  get #left(): number {
    return this.#piece.length - this.#used
  }

  #hold(piece: Uint8Array): void {
    this.#piece = piece
    this.#used = 0
  }

  #take(count: number): Uint8Array {
    const taken = this.#piece.subarray(this.#used, this.#used + count)
    this.#used += count
    this.#position += count
    return taken
  }
}
