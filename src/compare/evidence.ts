import type { Clue, Clues, Difference } from '../model/difference.ts'

/** What rules look at. */
export interface Evidence {
  readonly difference: Omit<Difference, 'cause'>
  /** '' where a side has nothing; of an entry that one side has not, its path. */
  readonly before: string
  readonly after: string
  /** From the first word that differs to the last. */
  readonly words: readonly [before: string, after: string]
  readonly clues: Clues
}

/** A clue shorter than this is taken for one only where the whole word is it on both sides. */
const SHORTEST_CLUE = 3
/** Ends of words: what paths, dates and names do not have. */
const BETWEEN_WORDS = /[\s"'`=,;()<>[\]{}|\\\0]/

/** Sets out what there is to see of a difference. */
export function evidenceOf(difference: Omit<Difference, 'cause'>, clues: Clues): Evidence {
  const isEntry = difference.where.kind === 'entry'
  const side = (text: string | null): string => (text === null ? '' : isEntry ? difference.path : text)
  const [before, after] = [side(difference.before), side(difference.after)]
  return { difference, before, after, words: changedWords(before, after), clues }
}

/** The clue that stands in what differs: each side has its own, or one side has the other's value not. */
export function literalClue({ words: [before, after], clues }: Evidence): { clue: Clue; value: string } | undefined {
  for (const clue of clues) {
    if (clue.before === clue.after) continue
    if (clue.before !== '' && clue.before === before && clue.after === after) return { clue, value: after }
    const isLeft = isThere(clue.before, before) && !isThere(clue.before, after)
    const isRight = isThere(clue.after, after) && !isThere(clue.after, before)
    if (isRight) return { clue, value: clue.after }
    if (isLeft) return { clue, value: clue.before }
  }
  return undefined
}

function isThere(value: string, text: string): boolean {
  return value.length >= SHORTEST_CLUE && text.includes(value)
}

/** Both texts without their common start and end, but with whole words. */
function changedWords(a: string, b: string): readonly [string, string] {
  const most = Math.min(a.length, b.length)
  let start = 0
  while (start < most && a[start] === b[start]) start++
  let end = 0
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  while (start > 0 && !BETWEEN_WORDS.test(a[start - 1] as string)) start--
  while (end > 0 && !BETWEEN_WORDS.test(a[a.length - end] as string)) end--
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)]
}
