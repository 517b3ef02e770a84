/** Puts little-endian fields behind each other. */
export class Fields {
  readonly #bytes: Buffer
  #at = 0

  /** @param size bytes of the structure */
  constructor(size: number) {
    this.#bytes = Buffer.alloc(size)
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

  u32List(values: readonly number[]): this {
    for (const value of values) this.#at = this.#bytes.writeUInt32LE(value, this.#at)
    return this
  }

  /** Whole numbers up to 2^53 - 1, or {@link NO_TABLE}. */
  u64(...values: readonly (number | bigint)[]): this {
    for (const value of values) this.#at = this.#bytes.writeBigUInt64LE(BigInt(value), this.#at)
    return this
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  finish(): Uint8Array {
    return this.#bytes
  }
}

/** What a 64-bit position says when there is no such table. */
export const NO_TABLE: bigint = 2n ** 64n - 1n

/** What a 32-bit index says when there is none: no fragment, no extended attributes. */
export const NO_INDEX: number = 2 ** 32 - 1
