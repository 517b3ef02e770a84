/** Bytes of a full piece: what a pipe and a compressor take at once without waiting for each other too often. */
const PIECE = 256 << 10
const NONE: readonly Uint8Array[] = []

/** Puts small pieces together into larger ones; large pieces pass through without being copied. */
export class Batch {
  #bytes = Buffer.allocUnsafe(PIECE)
  #used = 0

  /** Adds bytes, which must not change any more, and returns the pieces that are full. */
  add(bytes: Uint8Array): readonly Uint8Array[] {
    if (this.#used + bytes.length <= PIECE) {
      this.#bytes.set(bytes, this.#used)
      this.#used += bytes.length
      return NONE
    }
    const full = this.end()
    if (bytes.length >= PIECE / 2) return [...full, bytes]
    this.#bytes.set(bytes)
    this.#used = bytes.length
    return full
  }

  /** What has not been returned yet. */
  end(): readonly Uint8Array[] {
    if (this.#used === 0) return NONE
    const piece = this.#bytes.subarray(0, this.#used)
    this.#bytes = Buffer.allocUnsafe(PIECE)
    this.#used = 0
    return [piece]
  }
}
