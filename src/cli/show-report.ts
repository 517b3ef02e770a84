import { relative } from 'node:path'
import type { BuildReport, ImageReport } from '../engine/report.ts'
import { formatDuration, formatTable, groupDigits } from './format.ts'
import type { Style } from './style.ts'

/** Steps that are listed with their time; the others are one line. */
const MOST_STEPS = 12

/** How a report is laid out. */
export interface Layout {
  readonly cwd: string
  readonly columns: number
  readonly style: Style
}

/** The end of a build: images, then where the time went, then the sum. */
export function reportLines(report: BuildReport, layout: Layout): string[] {
  return [...imageLines(report.images, layout), ...stepLines(report, layout), totalLine(report)]
}

function imageLines(images: readonly ImageReport[], { cwd, columns, style }: Layout): string[] {
  const rows = (hashLength: number): string[] =>
    formatTable(
      images.map(({ path, bytes, digest, locked }) => [
        style.bold(relative(cwd, path) || '.'),
        `${groupDigits(bytes)} B`,
        shorten(digest, hashLength),
        verdict(locked, style),
      ]),
      [1],
    )
  // The whole hash where it fits: it is there to be copied.
  const whole = rows(64)
  return whole.some((line) => visibleLength(line) > columns) ? rows(16) : whole
}

function stepLines({ steps }: BuildReport, { style }: Layout): string[] {
  const built = steps.filter(({ cached }) => !cached).sort((a, b) => b.wallMs - a.wallMs)
  if (built.length === 0) return []
  const shown = built.slice(0, MOST_STEPS)
  const rows = shown.map(({ name, version, wallMs, cpuMs }) => [
    `  ${name} ${style.dim(version)}`,
    formatDuration(wallMs),
    style.dim(`${formatDuration(cpuMs)} of processor time`),
  ])
  const others = built.slice(MOST_STEPS)
  const rest = others.reduce((sum, { wallMs }) => sum + wallMs, 0)
  const more = others.length === 0 ? [] : [`  and ${others.length} more in ${formatDuration(rest)}`]
  return [...formatTable(rows, [1]), ...more]
}

function totalLine({ steps, wallMs, cpuMs, jobs }: BuildReport): string {
  const built = steps.filter(({ cached }) => !cached).length
  const parts = [`${steps.length} ${plural('step', steps.length)}`]
  if (built > 0) parts.push(`${built} built`)
  if (built < steps.length) parts.push(`${built === 0 ? 'all' : steps.length - built} from the store`)
  const busy = Math.min(100, Math.round((100 * cpuMs) / Math.max(1, wallMs * jobs)))
  const machine = `on ${jobs} ${plural('processor', jobs)}`
  parts.push(`${formatDuration(wallMs)}${built === 0 ? '' : ` ${machine} (${busy} % busy)`}`)
  return parts.join(', ')
}

function verdict(locked: ImageReport['locked'], style: Style): string {
  if (locked === 'same') return style.green('as locked')
  return locked === 'new' ? style.yellow('not locked before') : style.yellow('changed')
}

function shorten(digest: string, length: number): string {
  const [algorithm = '', hash = ''] = digest.split(':')
  return `${algorithm}:${hash.length > length ? `${hash.slice(0, length)}…` : hash}`
}

function visibleLength(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  return line.replace(/\x1b\[[0-9;]*m/g, '').length
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`
}
