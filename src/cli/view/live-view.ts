import type { BuildEvent, PlaceFailed } from '../../engine/events.ts'
import {
  formatBar,
  formatBytes,
  formatDuration,
  formatElapsed,
  formatEstimate,
  toOneLine,
  truncate,
} from '../format.ts'
import type { Output } from '../output.ts'
import { LiveRegion } from './live-region.ts'
import type { Download, Progress, RunningStep } from './progress.ts'
import { refusalLine } from './refusal.ts'
import type { View } from './view.ts'

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const SPINNER_MS = 100

/** Cells of a step's bar, and columns below which a line shows only what is most telling. */
const BAR = 12
const NARROW = 72

/** The view of a terminal: finished steps stay as lines, below them what runs now. */
export class LiveView implements View {
  readonly #progress: Progress
  readonly #output: Output
  readonly #now: () => number
  readonly #signal: AbortSignal
  readonly #region: LiveRegion
  #cachedShown = 0

  constructor(progress: Progress, output: Output, now: () => number, signal: AbortSignal) {
    this.#progress = progress
    this.#output = output
    this.#now = now
    this.#signal = signal
    this.#region = new LiveRegion(output, (columns, rows) => this.#render(columns, rows))
  }

  onEvent(event: BuildEvent): void {
    const now = this.#now()
    const { style } = this.#output
    this.#progress.apply(event, now)
    const width = this.#nameWidth(this.#output.columns)
    switch (event.type) {
      case 'step finished':
        this.#printCached()
        this.#region.print(` ${style.green('✓')} ${fit(event.name, width)}  ${formatDuration(event.wallMs)}`)
        break
      case 'step failed':
        this.#region.print(` ${style.red('✗')} ${fit(event.name, width)}  failed`)
        break
      case 'place failed':
        this.#printRefusal(event)
        break
      case 'healing':
        this.#region.print(truncate(` ! ${toOneLine(event.reason)}`, this.#output.columns))
        break
      case 'assembling':
        this.#printCached()
        break
      default:
    }
  }

  close(): void {
    this.#printCached()
    this.#region.close()
  }

  /** One line for all steps that the store had since the last one. */
  #printCached(): void {
    const fresh = this.#progress.cached.size - this.#cachedShown
    if (fresh === 0) return
    this.#cachedShown = this.#progress.cached.size
    const { style } = this.#output
    this.#region.print(` ${style.green('✓')} ${fresh} ${fresh === 1 ? 'step' : 'steps'} from the store`)
  }

  #printRefusal(event: PlaceFailed): void {
    const line = refusalLine(event)
    if (line !== undefined) this.#region.print(truncate(` ! ${line}`, this.#output.columns))
  }

  #render(columns: number, rows: number): string[] {
    const now = this.#now()
    const progress = this.#progress
    const width = this.#nameWidth(columns)
    const steps = [...progress.running].map(([name, step]) => this.#stepLine(name, step, columns, width, now))
    const waiting = [...progress.waiting].map(
      (name) => ` · ${fit(name, width)}  ${truncate('another mrrl builds it', columns - width - 6)}`,
    )
    const shown = [...steps, ...waiting].slice(0, Math.max(1, rows - 3))
    return [...this.#sourceLine(columns, width, now), ...shown, this.#totalLine(columns, now)]
  }

  #stepLine(name: string, step: RunningStep, columns: number, width: number, now: number): string {
    const { style } = this.#output
    const elapsed = formatElapsed(now - step.startedAt)
    const left = this.#progress.leftOf(step, now)
    const isNarrow = columns < NARROW
    const parts = [elapsed]
    if (left !== undefined && left > 0)
      parts.push(`${isNarrow ? '~' : 'about '}${formatEstimate(left)}${isNarrow ? '' : ' left'}`)
    const time = isNarrow ? parts.join(', ').padEnd(14) : parts.join(', ').padEnd(24)
    const share = step.expectedMs === undefined ? undefined : Math.min(1, (now - step.startedAt) / step.expectedMs)
    const bar = isNarrow ? '' : `${share === undefined ? ' '.repeat(BAR) : formatBar(share, BAR)}  `
    const head = `${fit(name, width)}  ${bar}${time}`
    const room = columns - head.length - 6
    const line = room < 8 ? '' : style.dim(truncate(toOneLine(step.line), room))
    return ` ${style.cyan(spinner(now))} ${truncate(head, columns - 3)}${line === '' ? '' : `  ${line}`}`
  }

  #sourceLine(columns: number, width: number, now: number): string[] {
    const { downloads, unpacking } = this.#progress
    const underWay = [...downloads].filter(([, { bytes, size }]) => bytes < size)
    const parts: string[] = []
    if (underWay.length > 0) {
      parts.push(`${formatBytes(sum(underWay, 'bytes'))} of ${formatBytes(sum(underWay, 'size'))}`)
      const rate = this.#progress.rate(now)
      if (rate > 0) parts.push(`${formatBytes(rate)}/s`)
      parts.push(underWay.map(([name]) => name).join(' '))
    }
    if (unpacking !== undefined) parts.push(`unpacking ${unpacking}`)
    if (parts.length === 0) return []
    const text = truncate(`${fit('sources', width)}  ${parts.join('  ')}`, columns - 4)
    return [` ${this.#output.style.cyan(spinner(now))} ${text}`]
  }

  #totalLine(columns: number, now: number): string {
    const { steps, done, ending, running } = this.#progress
    const left = this.#progress.left(now)
    const elapsed = formatElapsed(this.#progress.elapsed(now))
    const parts = [
      ending ?? (steps.length === 0 ? 'looking at the store' : `${done.size} of ${steps.length} steps`),
      elapsed,
    ]
    if (ending === undefined && left !== undefined && left > 0) parts.push(`about ${formatEstimate(left)} left`)
    if (this.#signal.aborted) {
      const what = running.size > 0 ? 'stopping the steps that run' : 'stopping'
      parts.splice(0, parts.length, columns < NARROW ? 'stopping' : `${what} (once more to leave at once)`)
    }
    return ` ${this.#output.style.dim('·')} ${truncate(parts.join(', '), columns - 4)}`
  }

  #nameWidth(columns: number): number {
    const longest = Math.max(10, ...this.#progress.steps.map((name) => name.length))
    return Math.min(longest, Math.max(10, Math.floor(columns / 4)))
  }
}

function spinner(now: number): string {
  return SPINNER[Math.floor(now / SPINNER_MS) % SPINNER.length] ?? ''
}

function fit(text: string, width: number): string {
  return truncate(text, width).padEnd(width)
}

function sum(downloads: readonly (readonly [string, Download])[], field: keyof Download): number {
  return downloads.reduce((total, [, download]) => total + download[field], 0)
}
