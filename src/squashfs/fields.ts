import { MrrlError } from '../util/errors.ts'

const U32 = 2 ** 32

/** Puts little-endian fields behind each other. */
export class Fields {
  readonly #bytes: Buffer
  #at = 0

  /** @param size bytes of the structure, all of which must be put */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  u16(...values: readonly number[]): this {
    for (const value of values) this.#at = this.#bytes.writeUInt16LE(value, this.#at)
    return this
  }

  i16(value: number): this {
    this.#at = this.#bytes.writeInt16LE(value, this.#at)
    return this
  }

  u32(...values: readonly number[]): this {
    for (const value of values) this.#at = this.#bytes.writeUInt32LE(value, this.#at)
    return this
  }

  u32List(values: ArrayLike<number>): this {
    for (let i = 0; i < values.length; i++) this.#at = this.#bytes.writeUInt32LE(values[i] as number, this.#at)
    return this
  }

  /** Whole numbers up to 2^53 - 1. */
  u64(...values: readonly number[]): this {
    for (const value of values) this.u32(value % U32, Math.floor(value / U32))
    return this
  }

  /** A position in the image, or null for a table that is not there. */
  position(value: number | null): this {
    return value === null ? this.u32(NO_INDEX, NO_INDEX) : this.u64(value)
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  /** Throws `E_INTERNAL` when a part was not put: it would hold what was in memory before. */
  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new MrrlError('E_INTERNAL', 'squashfs: a structure is not complete')
    return this.#bytes
  }
}

/** What a 32-bit index says when there is none: no fragment, no extended attributes. */
export const NO_INDEX: number = U32 - 1

/** Reads the 64-bit number at `at`; what is above 2^53 comes out rounded, and is too large for any use. */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * U32 + bytes.readUInt32LE(at)
}
