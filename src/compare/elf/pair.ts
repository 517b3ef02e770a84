import type { ElfPlace } from '../../model/difference.ts'
import type { Detail } from '../place.ts'
import { type ElfFile, type ElfSection, SECTION_FLAGS, SECTION_TYPES } from './file.ts'
import { type Cover, coversOf, type ElfSymbol, readSymbols } from './symbols.ts'

/** Both files, and what is looked up in them again and again. */
export interface ElfPair {
  readonly a: ElfFile
  readonly b: ElfFile
  readonly symbolsA: readonly ElfSymbol[]
  readonly symbolsB: readonly ElfSymbol[]
  readonly coversA: ReadonlyMap<string, readonly Cover[]>
  readonly coversB: ReadonlyMap<string, readonly Cover[]>
  /** True where a section grew, came or went: addresses in the code then differ as a consequence. */
  readonly isMoved: boolean
}

/** The same section of both files. */
export interface SectionPair {
  readonly name: string
  readonly a: ElfSection
  readonly b: ElfSection
}

export function makePair(a: ElfFile, b: ElfFile): ElfPair {
  const [symbolsA, symbolsB] = [symbolsOf(a), symbolsOf(b)]
  return {
    a,
    b,
    symbolsA,
    symbolsB,
    coversA: coversOf(a, symbolsA),
    coversB: coversOf(b, symbolsB),
    isMoved: layoutOf(a) !== layoutOf(b),
  }
}

/** The sections that both files have, in the order of the first. */
export function commonSections({ a, b }: ElfPair): SectionPair[] {
  const others = new Map(b.sections.map((section) => [section.name, section]))
  return a.sections.flatMap((section) => {
    const other = others.get(section.name)
    return other === undefined ? [] : [{ name: section.name, a: section, b: other }]
  })
}

export function isCode({ flags }: ElfSection): boolean {
  return (flags & SECTION_FLAGS.exec) !== 0n
}

/** A difference at a place of an ELF file; what is not said of the place is empty. */
export function elfDetail(
  place: Partial<ElfPlace> & { readonly field: string },
  before: string | null,
  after: string | null,
  follows = false,
): Detail {
  const where = { kind: 'elf', section: '', symbol: '', offset: 0, isCode: false, ...place } as const
  return { where, before, after, follows }
}

/** All symbols, or where they are stripped those for the dynamic linker. */
function symbolsOf(file: ElfFile): ElfSymbol[] {
  const table = (type: number): ElfSection | undefined => file.sections.find((section) => section.type === type)
  const found = table(SECTION_TYPES.symtab) ?? table(SECTION_TYPES.dynsym)
  return found === undefined ? [] : readSymbols(file, found)
}

function layoutOf({ sections }: ElfFile): string {
  return sections
    .filter(({ flags }) => (flags & SECTION_FLAGS.alloc) !== 0n)
    .map(({ name, address, size }) => `${name} ${address} ${size}`)
    .join('\n')
}
