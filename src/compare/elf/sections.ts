import { firstMoved, isReordered, sortingOf } from '../lists.ts'
import type { Detail } from '../place.ts'
import { type ElfSection, hexadecimal, SECTION_FLAGS } from './file.ts'
import { commonSections, type ElfPair, elfDetail, isCode, type SectionPair } from './pair.ts'

/** Sections that came, went, moved or have other properties. Sizes follow from what is in them. */
export function sectionDetails(pair: ElfPair): Detail[] {
  const { a, b } = pair
  const both = commonSections(pair)
  const names = new Set(both.map(({ name }) => name))
  const only = (sections: readonly ElfSection[]): ElfSection[] => sections.filter(({ name }) => !names.has(name))
  return [
    ...only(a.sections).map((section) => elfDetail(placeOf(section, 'section'), sectionText(section), null)),
    ...only(b.sections).map((section) => elfDetail(placeOf(section, 'section'), null, sectionText(section))),
    ...orderDetails(a.sections.map(nameOf).filter(isIn(names)), b.sections.map(nameOf).filter(isIn(names))),
    ...both.flatMap(propertyDetails),
    ...movedDetails(both),
  ]
}

function propertyDetails({ a, b }: SectionPair): Detail[] {
  const details: Detail[] = []
  const compare = (field: string, before: string, after: string, follows: boolean): void => {
    if (before !== after) details.push(elfDetail(placeOf(a, field), before, after, follows))
  }
  compare('type', String(a.type), String(b.type), false)
  compare('flags', flagsText(a.flags), flagsText(b.flags), false)
  compare('alignment', String(a.align), String(b.align), false)
  const isEmpty = a.bytes.length === 0 && b.bytes.length === 0
  compare('size', String(a.size), String(b.size), !isEmpty)
  return details
}

function movedDetails(both: readonly SectionPair[]): Detail[] {
  const moved = both.filter(({ a, b }) => a.address !== b.address)
  const first = moved[0]
  if (first === undefined) return []
  const more = moved.length > 1 ? `, and ${moved.length - 1} more` : ''
  const place = placeOf(first.a, 'address')
  return [elfDetail(place, hexadecimal(first.a.address), `${hexadecimal(first.b.address)}${more}`, true)]
}

function orderDetails(a: readonly string[], b: readonly string[]): Detail[] {
  if (a.every((name, at) => name === b[at]) || !isReordered(a, b)) return []
  const [before, after] = firstMoved(a, b)
  const where = { kind: 'order', of: 'sections', before: sortingOf(a), after: sortingOf(b) } as const
  return [{ where, before, after, follows: false }]
}

function placeOf(section: ElfSection, field: string): { section: string; field: string; isCode: boolean } {
  return { section: section.name, field, isCode: isCode(section) }
}

function sectionText({ size, flags }: ElfSection): string {
  const letters = flagsText(flags)
  return `section of ${size} bytes${letters === '' ? '' : `, ${letters}`}`
}

const LETTERS = [
  [SECTION_FLAGS.write, 'W'],
  [SECTION_FLAGS.alloc, 'A'],
  [SECTION_FLAGS.exec, 'X'],
  [SECTION_FLAGS.merge, 'M'],
  [SECTION_FLAGS.strings, 'S'],
] as const

/** Letters as readelf(1) has them, and the number of all flags that have none. */
function flagsText(flags: bigint): string {
  const known = LETTERS.reduce((all, [bit]) => all | bit, 0n)
  const rest = flags & ~known
  const letters = LETTERS.flatMap(([bit, letter]) => ((flags & bit) !== 0n ? [letter] : [])).join('')
  return rest === 0n ? letters : `${letters}+${hexadecimal(rest)}`
}

function nameOf({ name }: ElfSection): string {
  return name
}

function isIn(names: ReadonlySet<string>): (name: string) => boolean {
  return (name) => names.has(name)
}
