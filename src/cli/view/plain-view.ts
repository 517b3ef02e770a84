import type { BuildEvent } from '../../engine/events.ts'
import { formatBytes, formatDuration, formatEstimate, toOneLine } from '../format.ts'
import type { Output } from '../output.ts'
import type { Progress } from './progress.ts'
import { refusalLine } from './refusal.ts'
import type { View } from './view.ts'

/** Silence longer than this makes people (and CI systems) think that nothing happens. */
const HEARTBEAT_MS = 60_000

/** The view of a file or a CI log: one line per change, and one per minute of silence. */
export class PlainView implements View {
  readonly #progress: Progress
  readonly #output: Output
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  readonly #fetching = new Set<string>()
  #lastLine: number

  constructor(progress: Progress, output: Output, now: () => number) {
    this.#progress = progress
    this.#output = output
    this.#now = now
    this.#lastLine = now()
    this.#timer = setInterval(() => this.#beat(), 1000).unref()
  }

  onEvent(event: BuildEvent): void {
    this.#progress.apply(event, this.#now())
    switch (event.type) {
      case 'fetching':
        if (!this.#fetching.has(event.name)) this.#say(`${event.name}: fetching ${formatBytes(event.size)}`)
        this.#fetching.add(event.name)
        break
      case 'place failed':
        this.#sayIfAny(refusalLine(event))
        break
      case 'unpacking':
        this.#say(`${event.name}: unpacking`)
        break
      case 'step cached':
        this.#say(`${event.name}: in the store (${this.#count()})`)
        break
      case 'step waiting':
        this.#say(`${event.name}: another mrrl builds it, waiting`)
        break
      case 'step started':
        this.#say(
          `${event.name}: building${event.expectedMs === undefined ? '' : `, about ${formatEstimate(event.expectedMs)}`}`,
        )
        break
      case 'step finished':
        this.#say(`${event.name}: built in ${formatDuration(event.wallMs)} (${this.#count()})`)
        break
      case 'step failed':
        this.#say(`${event.name}: failed`)
        break
      case 'healing':
        this.#say(`${toOneLine(event.reason)}; fetching or building it again`)
        break
      case 'assembling':
        this.#say('image: assembling')
        break
      case 'writing':
        this.#say(`image: writing ${event.format}`)
        break
      default:
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    const now = this.#now()
    if (now - this.#lastLine < HEARTBEAT_MS) return
    const { running, downloads } = this.#progress
    const doing = [...running].map(([name, { startedAt }]) => `${name} (${formatDuration(now - startedAt)})`)
    const coming = [...downloads].filter(([, { bytes, size }]) => bytes < size)
    for (const [name, { bytes, size }] of coming) doing.push(`${name} (${formatBytes(bytes)} of ${formatBytes(size)})`)
    this.#say(`still at work: ${doing.join(', ') || 'the image'}; ${this.#count()}`)
  }

  #count(): string {
    return `${this.#progress.done.size} of ${this.#progress.steps.length}`
  }

  #sayIfAny(what: string | undefined): void {
    if (what !== undefined) this.#say(what)
  }

  #say(what: string): void {
    const now = this.#now()
    this.#lastLine = now
    this.#output.write(`${formatDuration(this.#progress.elapsed(now)).padStart(6)}  ${what}\n`)
  }
}
