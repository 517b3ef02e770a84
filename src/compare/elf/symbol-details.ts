import { firstMoved, isReordered, sortingOf } from '../lists.ts'
import { type Detail, MOST_PER_FILE } from '../place.ts'
import { hexadecimal } from './file.ts'
import { type ElfPair, elfDetail } from './pair.ts'
import type { Cover, ElfSymbol } from './symbols.ts'

/** Symbols that came, went, or have another size, kind or section, by name; and where the same ones are permuted. */
export function symbolDetails({ a, symbolsA, symbolsB, coversA, coversB }: ElfPair): Detail[] {
  const details: Detail[] = []
  const others = new Map(symbolsB.map((symbol) => [symbol.name, symbol]))
  const moved: (readonly [ElfSymbol, ElfSymbol])[] = []
  for (const symbol of symbolsA) {
    if (details.length > MOST_PER_FILE) return details
    const other = others.get(symbol.name)
    if (other === undefined) {
      details.push(elfDetail(placeOf(symbol, 'symbol'), symbolText(symbol), null))
      continue
    }
    others.delete(symbol.name)
    const compare = (field: string, before: string, after: string): void => {
      if (before !== after) details.push(elfDetail(placeOf(symbol, field), before, after))
    }
    compare('kind', symbol.kind, other.kind)
    compare('section', symbol.section, other.section)
    compare('size', String(symbol.size), String(other.size))
    if (symbol.value !== other.value && symbol.section === other.section) moved.push([symbol, other])
  }
  for (const symbol of others.values()) {
    if (details.length > MOST_PER_FILE) return details
    details.push(elfDetail(placeOf(symbol, 'symbol'), null, symbolText(symbol)))
  }
  const order = a.sections.flatMap(({ name }) => orderDetails(name, coversA.get(name), coversB.get(name)))
  return [...details, ...order, ...movedDetails(moved)]
}

/** Symbols whose place differs are one difference: what moved them is another. */
function movedDetails(moved: readonly (readonly [ElfSymbol, ElfSymbol])[]): Detail[] {
  const [first] = moved
  if (first === undefined) return []
  const [old, now] = first
  const more = moved.length > 1 ? `, and ${moved.length - 1} more symbols` : ''
  return [elfDetail(placeOf(old, 'value'), hexadecimal(old.value), `${hexadecimal(now.value)}${more}`, true)]
}

function orderDetails(section: string, a: readonly Cover[] = [], b: readonly Cover[] = []): Detail[] {
  const [before, after] = [a.map(({ name }) => name), b.map(({ name }) => name)]
  if (before.every((name, at) => name === after[at]) || !isReordered(before, after)) return []
  const [old, now] = firstMoved(before, after)
  const where = {
    kind: 'order',
    of: `symbols in ${section}`,
    before: sortingOf(before),
    after: sortingOf(after),
  } as const
  return [{ where, before: old, after: now, follows: false }]
}

function placeOf(
  { name, section, kind }: ElfSymbol,
  field: string,
): { section: string; symbol: string; field: string; isCode: boolean } {
  return { section, symbol: name, field, isCode: kind.endsWith('function') }
}

function symbolText({ kind, size }: ElfSymbol): string {
  return size === 0n ? kind : `${kind} of ${size} bytes`
}
