import { diffArrays } from 'diff'
import type { Sorting } from '../model/difference.ts'
import { compareBytes } from '../util/compare.ts'

/** Changes beyond which two lists have nothing to do with each other: time grows with their square. */
const MOST_CHANGES = 4000

/** Items from `before` to `beforeEnd` of one list stand for those from `after` to `afterEnd` of the other. */
export interface Change {
  readonly before: number
  readonly beforeEnd: number
  readonly after: number
  readonly afterEnd: number
}

/** A shortest edit from one list to another; where that is too long to look for, all between equal ends is one change. */
export function listChanges(a: readonly string[], b: readonly string[]): Change[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let [aEnd, bEnd] = [a.length, b.length]
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--
    bEnd--
  }
  if (start === aEnd && start === bEnd) return []
  const whole = { before: start, beforeEnd: aEnd, after: start, afterEnd: bEnd }
  if (start === aEnd || start === bEnd) return [whole]
  const parts = diffArrays(a.slice(start, aEnd), b.slice(start, bEnd), { maxEditLength: MOST_CHANGES })
  if (parts === undefined) return [whole]
  const changes: Change[] = []
  let [before, after] = [start, start]
  let open: Change | undefined
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      if (open !== undefined) changes.push(open)
      open = undefined
      before += value.length
      after += value.length
      continue
    }
    open ??= { before, beforeEnd: before, after, afterEnd: after }
    if (removed) before += value.length
    else after += value.length
    open = { ...open, beforeEnd: before, afterEnd: after }
  }
  if (open !== undefined) changes.push(open)
  return changes
}

/** True when both lists have the same items equally often. */
export function isReordered(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  const counts = new Map<string, number>()
  for (const item of a) counts.set(item, (counts.get(item) ?? 0) + 1)
  for (const item of b) {
    const left = counts.get(item) ?? 0
    if (left === 0) return false
    counts.set(item, left - 1)
  }
  return true
}

/** What a list is sorted by. */
export function sortingOf(items: readonly string[]): Sorting {
  if (isSorted(items, compareBytes)) return 'bytes'
  if (isSorted(items, (a, b) => compareBytes(folded(a), folded(b)))) return 'folded'
  return isSorted(items, (a, b) => compareBytes(b, a)) ? 'reverse' : 'none'
}

/** Case and punctuation count only where nothing else differs: the first level of the Unicode collation algorithm. */
function folded(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

function isSorted(items: readonly string[], compare: (a: string, b: string) => number): boolean {
  return items.every((item, at) => at === 0 || compare(items[at - 1] as string, item) <= 0)
}

/** The first items that stand in another order, for people. */
export function firstMoved(a: readonly string[], b: readonly string[]): readonly [string, string] {
  const at = a.findIndex((item, index) => item !== b[index])
  const shown = (items: readonly string[]): string =>
    `${items.slice(at, at + 3).join(', ')}${items.length > at + 3 ? ', …' : ''}`
  return [shown(a), shown(b)]
}
