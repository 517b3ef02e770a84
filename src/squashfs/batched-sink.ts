import type { ImageSink } from '../model/image.ts'

const BATCH = 2 ** 20

/** Gathers small pieces, so that the sink gets few large ones. */
export class BatchedSink {
  readonly #sink: ImageSink
  #batch = Buffer.allocUnsafe(BATCH)
  #filled = 0

  constructor(sink: ImageSink) {
    this.#sink = sink
  }

  /** Where the next byte will be in the image. */
  get position(): number {
    return this.#sink.size + this.#filled
  }

  /** Copies the bytes; waits only when a batch is full. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + BATCH - this.#filled)
      this.#batch.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === BATCH) await this.flush()
    }
  }

  /** Hands over what is held back. */
  async flush(): Promise<void> {
    const batch = this.#batch.subarray(0, this.#filled)
    // A sink may keep what it is given.
    this.#batch = Buffer.allocUnsafe(BATCH)
    this.#filled = 0
    if (batch.length > 0) await this.#sink.write(batch)
  }
}
