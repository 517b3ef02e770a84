import { stripVTControlCharacters } from 'node:util'
import { placeText } from '../compare/place-text.ts'
import { CAUSE_NAMES, type Cause, type Difference } from '../model/difference.ts'
import { formatTable, groupDigits, truncate } from './format.ts'
import { escapeName } from './show-member.ts'
import type { Style } from './style.ts'

/** How differences are shown. */
export interface DifferenceView {
  readonly style: Style
  /** Width of a line. */
  readonly columns: number
  /** What the file or the root is called, which has no path. */
  readonly root: string
}

/** From so many paths on, which all differ in the same way, they are shown as one. */
const MANY = 4
/** Paths that are named of many. */
const NAMED = 3
/** Rows of a terminal that one line of a text may take. */
const MOST_ROWS = 4
/** Characters of a cause's reason. */
const LONGEST_REASON = 60

/** Differences for people: grouped by path, and paths that all differ in the same way together. */
export function differenceLines(differences: readonly Difference[], view: DifferenceView): string[] {
  return groupsOf(differences).flatMap((group) => {
    const path = pathLine(group.paths, view)
    const [first] = group.differences
    if (first?.where.kind === 'entry') return [`${path}  ${entryText(first, group.below, view)}`]
    const own = group.differences.filter(({ follows }) => !follows)
    const following = group.differences.filter(({ follows }) => follows)
    return [path, ...own.flatMap((difference) => oneLines(difference, view)), ...followingLines(following, view)]
  })
}

/** How many there are, by cause, and what can be done about each. */
export function differenceSummary(differences: readonly Difference[], { style, columns }: DifferenceView): string[] {
  const own = differences.filter(({ follows }) => !follows)
  const following = differences.length - own.length
  const files = new Set(own.map(({ path }) => path)).size
  const verb = following === 1 ? 'follows' : 'follow'
  const more = following === 0 ? '' : `; ${groupDigits(following)} more ${verb} from that`
  const causes = causesOf(own)
  const isAnyKnown = causes.some(({ cause: { name } }) => name !== 'unknown')
  const shown = isAnyKnown ? causes : []
  const names = formatTable(
    shown.map(({ cause, count }) => [`  ${cause.name}`, groupDigits(count)]),
    [1],
  )
  const width = Math.max(0, ...names.map((name) => name.length)) + 2
  const advice = shown.flatMap(({ cause }, row) =>
    wrapped(cause.advice, columns - width).map(
      (line, at) => style.yellow((at === 0 ? (names[row] ?? '') : '').padEnd(width)) + line,
    ),
  )
  return [`${counted(own.length, 'difference')} in ${counted(files, 'place')}${more}`, ...advice]
}

/** A text in lines of at most `width` columns, cut between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

interface Group {
  readonly paths: readonly string[]
  readonly differences: readonly Difference[]
  /** Entries below that are on the same side only. */
  readonly below: number
}

/** Differences by path, in their order; paths that all differ in the same way stand where the first of them does. */
function groupsOf(differences: readonly Difference[]): Group[] {
  const byPath = new Map<string, Difference[]>()
  const below = new Map<string, number>()
  let top: Difference | undefined
  for (const difference of differences) {
    if (top !== undefined && isBelow(difference, top)) {
      below.set(top.path, (below.get(top.path) ?? 0) + 1)
      continue
    }
    if (difference.where.kind === 'entry') top = difference
    const own = byPath.get(difference.path) ?? []
    own.push(difference)
    byPath.set(difference.path, own)
  }
  const alike = new Map<string, string[]>()
  const keys = new Map<string, string>()
  for (const [path, own] of byPath) {
    const key = JSON.stringify([below.get(path), own.map(({ path: _, ...rest }) => rest)])
    const paths = alike.get(key) ?? []
    paths.push(path)
    alike.set(key, paths)
    keys.set(path, key)
  }
  return [...byPath].flatMap(([path, own]): Group[] => {
    const paths = alike.get(keys.get(path) ?? '') ?? []
    const group = { differences: own, below: below.get(path) ?? 0 }
    if (paths.length < MANY) return [{ ...group, paths: [path] }]
    return paths[0] === path ? [{ ...group, paths }] : []
  })
}

/** Whether it only says that what is in a folder is where the folder is. */
function isBelow({ path, where, before }: Difference, top: Difference): boolean {
  return where.kind === 'entry' && path.startsWith(`${top.path}/`) && (before === null) === (top.before === null)
}

function pathLine(paths: readonly string[], { style, columns, root }: DifferenceView): string {
  const pathText = (path: string): string => escapeName(path === '' ? root : path)
  const [first = ''] = paths
  if (paths.length === 1) return style.bold(pathText(first))
  const named = paths.slice(0, NAMED).map(pathText).join('  ')
  return style.bold(truncate(`${groupDigits(paths.length)} entries: ${named}  …`, columns))
}

function entryText({ before, after, cause }: Difference, below: number, { style }: DifferenceView): string {
  const more = below === 0 ? '' : `, and ${groupDigits(below)} below it`
  return `only ${before === null ? 'after' : 'before'}: ${before ?? after}${more}${causeText(cause, style)}`
}

/** What follows from the rest in one line: it is no news. */
function followingLines(differences: readonly Difference[], { style, columns }: DifferenceView): string[] {
  if (differences.length === 0) return []
  const places = [...new Set(differences.map(({ where }) => placeText(where)))].join(', ')
  return [style.dim(truncate(`  and from that follows: ${visible(places)}`, columns))]
}

function oneLines({ where, before, after, cause }: Difference, { style, columns }: DifferenceView): string[] {
  const reason = causeText(cause, style)
  if (where.kind === 'text') return [`  ${placeText(where)}${reason}`, ...hunkLines(where, { style, columns })]
  const why = where.kind === 'bytes' && where.why !== '' ? ` (${where.why})` : ''
  const place = `  ${placeText(where)}${why}`
  const room = columns - place.length - stripVTControlCharacters(reason).length
  const change = before === null && after === null ? '' : `  ${changeText(before, after, room)}`
  return [`${place}${change}${reason}`]
}

/** `a → b` in so many columns; of long values the part around the first difference. */
function changeText(before: string | null, after: string | null, room: number): string {
  const [old, now] = [visible(before ?? 'none'), visible(after ?? 'none')]
  const width = Math.max(12, Math.floor((room - 3) / 2))
  if (old.length + now.length + 3 <= room) return `${old} → ${now}`
  let start = 0
  while (start < old.length && old[start] === now[start]) start++
  const from = Math.max(0, start - Math.floor(width / 3))
  return `${part(old, from, width)} → ${part(now, from, width)}`
}

function part(text: string, from: number, width: number): string {
  if (text.length <= width) return text
  const start = Math.min(from, text.length - width + 1)
  return start <= 0 ? truncate(text, width) : `…${truncate(text.slice(start), width - 1)}`
}

function hunkLines(
  where: Difference['where'] & { kind: 'text' },
  { style, columns }: Pick<DifferenceView, 'style' | 'columns'>,
): string[] {
  const { line, lineAfter, hunk } = where
  const count = (mark: string): number => hunk.filter((text) => text.startsWith(' ') || text.startsWith(mark)).length
  const head = `@@ -${line},${count('-')} +${lineAfter},${count('+')} @@`
  const paint = (text: string): string => {
    const shown = truncate(visible(text), columns * MOST_ROWS)
    if (text.startsWith('-')) return style.red(shown)
    return text.startsWith('+') ? style.green(shown) : shown
  }
  return [`    ${style.cyan(head)}`, ...hunk.map((text) => `    ${paint(text)}`)]
}

/** The cause behind a difference; nothing where none is known. */
function causeText({ name, because }: Cause, style: Style): string {
  if (name === 'unknown') return ''
  const text = because === '' ? name : `${name}: ${truncate(visible(because), LONGEST_REASON)}`
  return `  ${style.dim(`(${text})`)}`
}

/** Text that cannot move the cursor, on one line. */
function visible(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => (character === '\n' ? ' ⏎ ' : '�'))
}

function causesOf(differences: readonly Difference[]): { readonly cause: Cause; readonly count: number }[] {
  return CAUSE_NAMES.flatMap((name) => {
    const own = differences.filter(({ cause }) => cause.name === name)
    const [first] = own
    return first === undefined ? [] : [{ cause: first.cause, count: own.length }]
  })
}

function counted(count: number, what: string): string {
  return `${groupDigits(count)} ${what}${count === 1 ? '' : 's'}`
}
