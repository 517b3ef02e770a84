import type { BlockQueue } from './block-queue.ts'
import { encodeFragments } from './fragment.ts'

/** Where a tail is. */
export interface TailPlace {
  /** Index of its fragment. */
  readonly fragment: number
  /** Offset in the unpacked fragment. */
  readonly offset: number
}

/** Puts tails of files side by side into fragments, one after the other. */
export class FragmentPacker {
  readonly #queue: BlockQueue
  readonly #blockSize: number
  readonly #alignment: number
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  #count = 0
  #block: Buffer
  #filled = 0

  /** @param alignment of tails in their fragments, in bytes: code of machines with fixed instructions needs it */
  constructor(queue: BlockQueue, blockSize: number, alignment: number) {
    this.#queue = queue
    this.#blockSize = blockSize
    this.#alignment = alignment
    this.#block = Buffer.allocUnsafe(blockSize)
  }

  /** Whether a tail of that size can be added to the present fragment; if not, {@link FragmentPacker.finish} it. */
  fits(size: number): boolean {
    return this.#aligned() + size <= this.#blockSize
  }

  /** Copies a tail that fits, and returns at once. */
  add(tail: Uint8Array): TailPlace {
    const offset = this.#aligned()
    this.#block.fill(0, this.#filled, offset)
    this.#block.set(tail, offset)
    this.#filled = offset + tail.length
    return { fragment: this.#count, offset }
  }

  /** Writes the present fragment, if it holds anything. */
  async finish(): Promise<void> {
    if (this.#filled === 0) return
    const bytes = this.#block.subarray(0, this.#filled)
    const index = this.#count++
    this.#block = Buffer.allocUnsafe(this.#blockSize)
    this.#filled = 0
    await this.#queue.add(bytes, (position, storedSize) => {
      this.#starts[index] = position
      this.#sizes[index] = storedSize
    })
  }

  get count(): number {
    return this.#count
  }

  /** Entries of the fragment table; only when all blocks are written. */
  encode(): Uint8Array {
    return encodeFragments(this.#starts, this.#sizes)
  }

  #aligned(): number {
    return Math.ceil(this.#filled / this.#alignment) * this.#alignment
  }
}
