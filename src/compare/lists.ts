import type { Sorting } from '../model/difference.ts'
import { compareBytes } from '../util/compare.ts'
import { shortestEdit } from './shortest-edit.ts'

/** Items from `before` to `beforeEnd` of one list stand for those from `after` to `afterEnd` of the other. */
export interface Change {
  readonly before: number
  readonly beforeEnd: number
  readonly after: number
  readonly afterEnd: number
}

/** What changes between two lists, in their order. */
export function listChanges(a: readonly string[], b: readonly string[]): Change[] {
  const numbers = new Map<string, number>()
  const numbered = (items: readonly string[]): Int32Array =>
    Int32Array.from(items, (item) => {
      const known = numbers.get(item)
      if (known !== undefined) return known
      numbers.set(item, numbers.size)
      return numbers.size - 1
    })
  const { removed, added } = shortestEdit(numbered(a), numbered(b))
  const changes: Change[] = []
  for (let [before, after] = [0, 0]; before < a.length || after < b.length; before++, after++) {
    if (removed[before] !== 1 && added[after] !== 1) continue
    const start = { before, after }
    while (removed[before] === 1) before++
    while (added[after] === 1) after++
    changes.push({ ...start, beforeEnd: before, afterEnd: after })
  }
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
