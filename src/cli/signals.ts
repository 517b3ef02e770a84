/** Signals that ask for an orderly end, with the status that says so. */
const STATUSES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Turns signals into an abort; whoever gets it stops its work and cleans up. A second one ends the program at once. */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #onSecond: () => void
  #status: number | undefined
  #isHandedOver = false

  /** @param onSecond what must happen before the program ends without waiting */
  constructor(onSecond: () => void) {
    this.#onSecond = onSecond
    for (const [name, status] of Object.entries(STATUSES)) process.on(name, () => this.#arrived(status))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Exit status after a signal; undefined when there was none. */
  get status(): number | undefined {
    return this.#status
  }

  /** From now on Ctrl-C is for the program that has the terminal. */
  handOver(): void {
    this.#isHandedOver = true
  }

  #arrived(status: number): void {
    if (this.#isHandedOver && status === STATUSES.SIGINT) return
    if (this.#status !== undefined) {
      this.#onSecond()
      process.exit(status)
    }
    this.#status = status
    this.#controller.abort()
  }
}
