/** Starts work in the order in which it is given, with at most so many pieces under way. */
export class WorkLimit {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Calls `work` as soon as its turn has come; resolves or rejects as it does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes straight to the next, if there is one.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
