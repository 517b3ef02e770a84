import type { VerifyEvent } from '../../verify/rounds.ts'
import type { Context } from '../context.ts'
import type { Options } from '../options.ts'
import { openView } from '../watch.ts'
import { SILENT, type View } from './view.ts'

/** Shows one round after the other, each as a build is shown. */
export class VerifyView {
  readonly #options: Options
  readonly #context: Context
  #view: View = SILENT
  #isSearch = false

  constructor(options: Options, context: Context) {
    this.#options = options
    this.#context = context
  }

  onEvent(event: VerifyEvent): void {
    const { quiet, json } = this.#options
    if (quiet || json) return
    if (event.type === 'round') {
      this.endRound()
      const { err } = this.#context
      const what = event.conditions.length === 0 ? '' : `: ${event.conditions.join(', ')}`
      err.write(`${err.style.bold(event.name)}${event.isSearch ? '' : err.style.dim(what)}\n`)
      this.#isSearch = event.isSearch
    } else if (event.type === 'comparing') {
      this.endRound()
      this.#context.err.write(`${event.name}: comparing\n`)
    } else if (!this.#isSearch) {
      if (event.type === 'planned') this.endRound()
      if (this.#view === SILENT) this.#view = openView(this.#options, this.#context)
      this.#view.onEvent(event)
    }
  }

  /** Ends the showing of a round; the next event begins another. */
  endRound(): void {
    this.#view.close()
    this.#view = SILENT
  }

  close(): void {
    this.endRound()
  }
}
