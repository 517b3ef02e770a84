import type { ImageSink } from '../model/image.ts'
import type { Compressor, Packed } from './compressor.ts'
import { STORED_BLOCK } from './fragment.ts'
import { WorkLimit } from './work-limit.ts'

/** Told when a block has its place: position in the image, and stored size with bit 24 for stored ones. */
export type Placed = (position: number, storedSize: number) => void

/** Packs blocks side by side and writes them in the order in which they were given. */
export class BlockQueue {
  readonly #sink: ImageSink
  readonly #compressor: Compressor
  readonly #work: WorkLimit
  readonly #most: number
  readonly #waiting: { readonly packed: Promise<Packed>; readonly placed: Placed }[] = []

  /** @param parallel blocks that may be packed at once, at least 1; the result does not depend on it */
  constructor(sink: ImageSink, compressor: Compressor, parallel: number) {
    this.#sink = sink
    this.#compressor = compressor
    this.#work = new WorkLimit(parallel)
    // As many again may be finished behind a slow one, or wait for their turn.
    this.#most = 2 * parallel
  }

  /** Takes a block; waits while too many are held. The bytes must not change afterwards. */
  async add(bytes: Uint8Array, placed: Placed): Promise<void> {
    const packed = this.#work.run(() => this.#compressor.packData(bytes))
    // A failure is met when it is this block's turn; until then it must not count as unhandled.
    packed.catch(() => undefined)
    this.#waiting.push({ packed, placed })
    if (this.#waiting.length >= this.#most) await this.#writeOldest()
  }

  /** Writes everything that was given. */
  async finish(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeOldest()
  }

  async #writeOldest(): Promise<void> {
    const oldest = this.#waiting.shift()
    if (oldest === undefined) return
    const { bytes, isCompressed } = await oldest.packed
    oldest.placed(this.#sink.size, isCompressed ? bytes.length : bytes.length | STORED_BLOCK)
    await this.#sink.write(bytes)
  }
}
