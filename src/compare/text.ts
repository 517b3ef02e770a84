import { isUtf8 } from 'node:buffer'
import { type Change, firstMoved, isReordered, listChanges, sortingOf } from './lists.ts'
import { type Detail, MOST_PER_FILE } from './place.ts'

/** Lines around a change, as `diff -u` has them. */
const CONTEXT = 3
/** Characters of a line, or of one side of a hunk, that are kept. */
const LONGEST_LINE = 1000
const LONGEST_SIDE = 2 ** 16
/** Lines of a hunk that are kept. */
const MOST_LINES = 1000
const NO_LINE_END = '\\ No newline at end of file'
/** Lines of a text that is taken apart. */
const MOST_TEXT_LINES = 1_000_000
/** One control character in so many others may be in a text: escape sequences, form feeds. */
const CONTROL_SHARE = 64

/** The lines of a text, each with its line end; undefined for what is not UTF-8, full of control characters, or of lines. */
export function linesOf(bytes: Uint8Array): string[] | undefined {
  if (!isUtf8(bytes)) return undefined
  let control = 0
  let ends = 0
  for (const byte of bytes) {
    if (byte === 0) return undefined
    if (byte === 0x0a && ++ends > MOST_TEXT_LINES) return undefined
    if (byte < 0x20 && (byte < 0x08 || byte > 0x0d)) control++
  }
  if (control * CONTROL_SHARE > bytes.length) return undefined
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString()
    .split(/(?<=\n)/)
  return lines.length === 1 && lines[0] === '' ? [] : lines
}

/** What differs between two texts: each change, or one in all where only the order of lines differs. */
export function textDetails(a: readonly string[], b: readonly string[]): Detail[] {
  if (isReordered(a, b)) {
    const [before, after] = firstMoved(a.map(trimmed), b.map(trimmed))
    const where = { kind: 'order', of: 'lines', before: sortingOf(a), after: sortingOf(b) } as const
    return [{ where, before: excerpt(before, 0), after: excerpt(after, 0), follows: false }]
  }
  // One more than is shown, so that whoever shows them sees that there are more.
  const changes = listChanges(a, b).slice(0, MOST_PER_FILE + 1)
  return changes.map((change, index) => {
    const room = (other: number): number => Math.min(CONTEXT, Math.max(0, other))
    // Lines between two near changes are the context of one of them only, so that all hunks together are a diff.
    const gapBefore = change.before - (changes[index - 1]?.beforeEnd ?? 0)
    const lead = index === 0 ? room(gapBefore) : room(gapBefore - room(Math.ceil(gapBefore / 2)))
    const gapAfter = (changes[index + 1]?.before ?? a.length) - change.beforeEnd
    const tail = index === changes.length - 1 ? room(gapAfter) : room(Math.ceil(gapAfter / 2))
    return changeDetail(a, b, change, { lead, tail })
  })
}

function changeDetail(
  a: readonly string[],
  b: readonly string[],
  change: Change,
  context: { readonly lead: number; readonly tail: number },
): Detail {
  const [removed, added] = shortened(a.slice(change.before, change.beforeEnd), b.slice(change.after, change.afterEnd))
  const around = (from: number, to: number): string[] => a.slice(from, to).map((line) => excerpt(line, 0))
  const hunk = [
    ...marked(' ', around(change.before - context.lead, change.before)),
    ...marked('-', removed),
    ...marked('+', added),
    ...marked(' ', around(change.beforeEnd, change.beforeEnd + context.tail)),
  ]
  const line = change.before - context.lead + 1
  const lineAfter = change.after - context.lead + 1
  return {
    where: { kind: 'text', line, lineAfter, hunk },
    before: sideOf(removed),
    after: sideOf(added),
    follows: false,
  }
}

/** Lines of a hunk: at most {@link MOST_LINES}, and `…` for the rest. */
function marked(mark: string, lines: readonly string[]): string[] {
  const shown = lines
    .slice(0, MOST_LINES)
    .flatMap((line) => (line.endsWith('\n') ? [mark + trimmed(line)] : [mark + line, NO_LINE_END]))
  return lines.length > MOST_LINES ? [...shown, `${mark}…`] : shown
}

/** Lines as they are, but of very long ones that stand for each other only what is around the first difference. */
function shortened(old: readonly string[], now: readonly string[]): readonly [string[], string[]] {
  const starts = old.map((line, index) => firstDifference(line, now[index] ?? ''))
  return [
    old.map((line, index) => excerpt(line, starts[index] as number)),
    now.map((line, index) => excerpt(line, starts[index] ?? 0)),
  ]
}

function firstDifference(a: string, b: string): number {
  if (a.length <= LONGEST_LINE && b.length <= LONGEST_LINE) return 0
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}

function excerpt(line: string, around: number): string {
  if (line.length <= LONGEST_LINE) return line
  const start = Math.max(0, Math.min(around - LONGEST_LINE / 4, line.length - LONGEST_LINE))
  const end = start + LONGEST_LINE
  return `${start > 0 ? '…' : ''}${line.slice(start, end)}${end < line.length ? '…\n' : ''}`
}

function sideOf(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.map(trimmed).join('\n').slice(0, LONGEST_SIDE)
}

function trimmed(line: string): string {
  return line.endsWith('\n') ? line.slice(0, -1) : line
}
