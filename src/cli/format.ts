import { stripVTControlCharacters } from 'node:util'

/** A whole number with its digits in groups of three: `3 241 884`. */
export function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A size for people, in powers of a thousand: `214 MB`, `1.3 kB`, `17 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)
  return `${digits} ${units[unit]}`
}

/** A span of time in milliseconds, as exact as people need it: `0.05s`, `4.1s`, `42s`, `4m10s`, `1h02m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${(ms / 1000).toFixed(2)}s`
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${twoDigits(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`
}

/** A span of time that still grows, in whole seconds so that it does not flicker. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return seconds < 10 ? `${seconds}s` : formatDuration(seconds * 1000)
}

/** Time that is only expected: `4m10s`, `9m`, `1h20m`, and never less than a second. */
export function formatEstimate(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 300) return formatDuration(Math.round(seconds / 10) * 10_000)
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`
}

/** A share from 0 to 1 as a bar. */
export function formatBar(share: number, cells: number): string {
  const full = Math.round(Math.min(1, share) * cells)
  return '▇'.repeat(full) + '▁'.repeat(cells - full)
}

/** One line that is safe to show: no control characters, and only characters that are one column wide. */
export function toOneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', ' ')
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/\p{Cc}/gu, '')
    .replace(/[^\u0020-\u024f]/gu, '?')
}

/** Cuts text of one-column characters to a width; what was cut shows as `…`. */
export function truncate(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 0 ? '' : `${text.slice(0, width - 1)}…`
}

/** Rows as aligned columns, two spaces apart; `right` names the columns that line up at their end. */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - width(cell))
        return right.includes(column) ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd(),
  )
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
