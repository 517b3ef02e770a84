import type { FetchEvent } from '../../engine/events.ts'
import type { Context } from '../context.ts'
import { formatBar, formatBytes, formatDuration } from '../format.ts'
import type { Options } from '../options.ts'
import { refusalLine } from './refusal.ts'
import { openStatusLine } from './status-line.ts'

const BAR_CELLS = 12
/** Names of files under way that one line shows. */
const MOST_NAMES = 3
/** Between two lines where there is no terminal, at least. */
const LINE_MS = 10_000

/** Shows files on their way. */
export interface FetchView {
  onEvent(event: FetchEvent): void
  /** Takes away what does not stay; safe to call twice. */
  close(): void
}

/** One line that changes on a terminal; elsewhere a line per refused file and a line now and then. */
export function openFetchView(options: Options, context: Context, now: () => number): FetchView {
  const { err } = context
  const isSilent = options.quiet || options.json
  const status = openStatusLine(options, context)
  const state = new FetchState()
  const started = now()
  let lastLine = started
  return {
    onEvent: (event) => {
      state.apply(event)
      const refused = event.type === 'place failed' ? refusalLine(event) : undefined
      if (refused !== undefined) status.print(refused)
      status.show(state.text())
      if (isSilent || err.isTerminal || now() - lastLine < LINE_MS) return
      lastLine = now()
      err.lines([`${formatDuration(lastLine - started).padStart(6)}  ${state.text()}`])
    },
    close: () => status.close(),
  }
}

/** Events added up. */
class FetchState {
  readonly #coming = new Map<string, number>()
  #files = 0
  #bytes = 0
  #done = 0
  /** What happens besides fetching. */
  #other = ''

  apply(event: FetchEvent): void {
    switch (event.type) {
      case 'wanted':
        this.#files = event.files
        this.#bytes = event.bytes
        break
      case 'fetching':
        this.#coming.set(event.name, event.bytes)
        break
      case 'file ready':
        this.#done++
        this.#coming.delete(event.name)
        break
      case 'place failed':
        this.#coming.delete(event.name)
        break
      case 'checked':
        this.#other = `checking  ${formatBar(event.done / Math.max(1, event.files), BAR_CELLS)}  ${event.done} of ${event.files} files`
        break
      case 'packing':
        this.#other = `packing  ${formatBar(event.bytes / Math.max(1, event.size), BAR_CELLS)}  ${formatBytes(event.bytes)} of ${formatBytes(event.size)}`
        break
    }
  }

  text(): string {
    if (this.#other !== '') return this.#other
    const names = [...this.#coming].map(([name, bytes]) => `${name} ${formatBytes(bytes)}`)
    const more = names.length > MOST_NAMES ? [`${names.length - MOST_NAMES} more`] : []
    const bar = formatBar(this.#done / Math.max(1, this.#files), BAR_CELLS)
    const head = `sources  ${bar}  ${this.#done} of ${this.#files} files (${formatBytes(this.#bytes)})`
    return [head, ...names.slice(0, MOST_NAMES), ...more].join('  ')
  }
}
