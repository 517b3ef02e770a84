import { MrrlError } from '../errors.ts'

/** Reads exact amounts from pieces of any size. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)
  #at = 0
  #position = 0

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#pieces = input[Symbol.asyncIterator]()
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position
  }

  async atEnd(): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const next = await this.#pieces.next()
      if (next.done === true) return true
      this.#piece = next.value
      this.#at = 0
    }
    return false
  }

  /** The next `count` bytes, valid until changed by nobody; throws `E_ARCHIVE` when the input ends before. */
  async read(count: number): Promise<Uint8Array> {
    if (this.#piece.length - this.#at >= count) return this.#take(count)
    const out = Buffer.alloc(count)
    let filled = 0
    while (filled < count) {
      if (await this.atEnd()) {
        throw new MrrlError('E_ARCHIVE', 'xz: the file ends early', { fields: { offset: this.#position } })
      }
      const part = this.#take(Math.min(count - filled, this.#piece.length - this.#at))
      out.set(part, filled)
      filled += part.length
    }
    return out
  }

  /** The next byte, left in place; only after {@link atEnd} has said false. */
  peekByte(): number {
    return this.#piece[this.#at] as number
  }

  async readByte(): Promise<number> {
    return (await this.read(1))[0] as number
  }

  /** Tells the producer that no more is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  #take(count: number): Uint8Array {
    const part = this.#piece.subarray(this.#at, this.#at + count)
    this.#at += count
    this.#position += count
    return part
  }
}
