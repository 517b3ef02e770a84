import type { BuildEvent } from '../../engine/events.ts'

/** A step that runs. Times are in milliseconds. */
export interface RunningStep {
  readonly startedAt: number
  /** Undefined when nothing is known of it. */
  readonly expectedMs: number | undefined
  /** The last line it printed. */
  line: string
}

/** A source on its way. */
export interface Download {
  bytes: number
  readonly size: number
}

/** Rates are taken over this many milliseconds. */
const RATE_WINDOW = 5000

/** What a build has done so far, and what is left: the events of the engine added up. Knows nothing of terminals. */
export class Progress {
  readonly running: Map<string, RunningStep> = new Map()
  readonly downloads: Map<string, Download> = new Map()
  /** Steps that another process builds. */
  readonly waiting: Set<string> = new Set()
  readonly done: Set<string> = new Set()
  readonly cached: Set<string> = new Set()
  steps: readonly string[] = []
  /** Name of the source that is being unpacked. */
  unpacking: string | undefined
  /** What happens after the last step. */
  ending: string | undefined
  readonly #startedAt: number
  /** Milliseconds that each step is expected to take. */
  #expected: Readonly<Record<string, number>> = {}
  readonly #samples: { at: number; total: number }[] = []
  #fetched = 0
  #stepTime = 0

  constructor(now: number) {
    this.#startedAt = now
  }

  apply(event: BuildEvent, now: number): void {
    switch (event.type) {
      case 'planned':
        this.steps = event.steps
        this.#expected = event.expectedMs
        break
      case 'fetching':
        this.#fetching(event, now)
        break
      case 'unpacking':
        this.downloads.delete(event.name)
        this.unpacking = event.name
        break
      case 'source ready':
        this.downloads.delete(event.name)
        if (this.unpacking === event.name) this.unpacking = undefined
        break
      case 'step waiting':
        this.waiting.add(event.name)
        break
      case 'step started':
        this.waiting.delete(event.name)
        this.running.set(event.name, { startedAt: now, expectedMs: event.expectedMs, line: '' })
        break
      case 'step output': {
        const step = this.running.get(event.name)
        if (step !== undefined && event.line.trim() !== '') step.line = event.line
        break
      }
      case 'step cached':
        this.cached.add(event.name)
        this.#ended(event.name, now)
        break
      case 'step finished':
        this.#ended(event.name, now)
        break
      case 'step failed':
        this.waiting.delete(event.name)
        this.running.delete(event.name)
        break
      case 'healing':
        this.done.clear()
        this.running.clear()
        break
      case 'assembling':
        this.ending = 'assembling the image'
        break
      case 'writing':
        this.ending = `writing ${event.format}`
        break
    }
  }

  elapsed(now: number): number {
    return now - this.#startedAt
  }

  /** Bytes per second that arrive now. */
  rate(now: number): number {
    const recent = this.#samples.filter(({ at }) => now - at <= RATE_WINDOW)
    const first = recent[0]
    const last = recent.at(-1)
    if (first === undefined || last === undefined || now - first.at < 500) return 0
    return ((last.total - first.total) * 1000) / (now - first.at)
  }

  /** Milliseconds until a step ends; undefined when it was never measured, 0 when it takes longer than before. */
  leftOf({ startedAt, expectedMs }: RunningStep, now: number): number | undefined {
    return expectedMs === undefined ? undefined : Math.max(0, startedAt + expectedMs - now)
  }

  /** Milliseconds until the last step ends; undefined when a step that is left was never measured. */
  left(now: number): number | undefined {
    let sum = 0
    let longest = 0
    for (const name of this.steps) {
      if (this.done.has(name)) continue
      const running = this.running.get(name)
      const left = running === undefined ? this.#expected[name] : this.leftOf(running, now)
      if (left === undefined) return undefined
      sum += left
      longest = Math.max(longest, left)
    }
    return Math.max(longest, sum / this.#stepsAtOnce(now))
  }

  /** How many steps ran side by side on average so far. */
  #stepsAtOnce(now: number): number {
    let time = this.#stepTime
    let since = now
    for (const { startedAt } of this.running.values()) {
      time += now - startedAt
      since = Math.min(since, startedAt)
    }
    return Math.max(1, time / Math.max(1, this.elapsed(now)))
  }

  #fetching({ name, bytes, size }: { name: string; bytes: number; size: number }, now: number): void {
    const download = this.downloads.get(name) ?? { bytes: 0, size }
    // A second location starts at the first byte again.
    this.#fetched += Math.max(0, bytes - download.bytes)
    download.bytes = bytes
    this.downloads.set(name, download)
    const last = this.#samples.at(-1)
    if (last === undefined || now - last.at > 100) this.#samples.push({ at: now, total: this.#fetched })
    else last.total = this.#fetched
    while ((this.#samples[0]?.at ?? now) < now - RATE_WINDOW) this.#samples.shift()
  }

  #ended(name: string, now: number): void {
    const step = this.running.get(name)
    if (step !== undefined) this.#stepTime += now - step.startedAt
    this.running.delete(name)
    this.waiting.delete(name)
    this.done.add(name)
  }
}
