import { MrrlError } from './errors.ts'

/** Reads bits, most significant first, from bytes at hand. Reading past their end throws `E_ARCHIVE`. */
export class BitReader {
  #bytes: Uint8Array
  #at = 0
  #held = 0
  #heldBits = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Next `count` bits, 1 to 24. */
  read(count: number): number {
    const value = this.peek(count)
    this.skip(count)
    return value
  }

  /** Next `count` bits, 1 to 24, without taking them; zeros stand for bits after the end. */
  peek(count: number): number {
    while (this.#heldBits < count) {
      this.#held = ((this.#held << 8) | (this.#bytes[this.#at] ?? 0)) >>> 0
      this.#at++
      this.#heldBits += 8
    }
    return (this.#held >>> (this.#heldBits - count)) & ((1 << count) - 1)
  }

  /** Takes `count` bits that have been peeked at. */
  skip(count: number): void {
    this.#heldBits -= count
    if (this.#at - (this.#heldBits >>> 3) > this.#bytes.length) throw damaged('it ends too early')
  }

  /** Drops the rest of the current byte. */
  align(): void {
    this.#heldBits -= this.#heldBits % 8
  }

  /** Whole bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at + (this.#heldBits >>> 3)
  }

  /** Appends bytes, letting go of those read. */
  append(bytes: Uint8Array): void {
    this.#at -= this.#heldBits >>> 3
    this.#held >>>= this.#heldBits & ~7
    this.#heldBits &= 7
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), bytes])
    this.#at = 0
  }
}

/** The error for bytes that are not what bzip2 writes. */
export function damaged(why: string): MrrlError {
  return new MrrlError('E_ARCHIVE', `the bzip2 data is damaged: ${why}`)
}
