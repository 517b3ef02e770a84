import { type ElfFile, type ElfSection, SECTION_TYPES, uniqueNames } from './file.ts'
import { StringTable } from './strings-table.ts'
import { damagedElf } from './view.ts'

const SYMBOL_BYTES = { 32: 16, 64: 24 } as const
const SPECIAL_SECTIONS: Readonly<Record<number, string>> = { 0: 'undefined', 65521: 'absolute', 65522: 'common' }
const RESERVED_SECTIONS = 0xff00
/** Ten times what a kernel has: all of them are in memory. */
const MOST_SYMBOLS = 2_000_000
const BINDINGS = ['local', 'global', 'weak'] as const
const KINDS = ['', 'object', 'function', 'section', 'file', 'common', 'TLS'] as const
const IS_SECTION = 3
const IS_FILE = 4

/** A symbol. */
export interface ElfSymbol {
  /** Told by its place among those of the same name. */
  readonly name: string
  readonly value: bigint
  readonly size: bigint
  /** Binding and kind: `global function`. */
  readonly kind: string
  /** Name of its section, or what stands for one. */
  readonly section: string
  /** True for the name of a source file. */
  readonly isFile: boolean
}

/** The symbols of one table, without those that stand for sections; throws `E_ARCHIVE`. */
export function readSymbols(file: ElfFile, table: ElfSection): ElfSymbol[] {
  const view = file.view.part(table.bytes)
  const names = new StringTable(file.sections[table.link]?.bytes ?? Buffer.alloc(0))
  const step = SYMBOL_BYTES[view.bits]
  if (table.bytes.length / step > MOST_SYMBOLS) throw damagedElf(`more than ${MOST_SYMBOLS} symbols`)
  const unique = uniqueNames()
  const symbols: ElfSymbol[] = []
  for (let at = step; at + step <= table.bytes.length; at += step) {
    const info = view.u8(view.bits === 64 ? at + 4 : at + 12)
    const section = view.u16(view.bits === 64 ? at + 6 : at + 14)
    const kind = info & 15
    if (kind === IS_SECTION) continue
    symbols.push({
      name: unique(names.at(view.u32(at))),
      value: view.word(view.bits === 64 ? at + 8 : at + 4),
      size: view.word(view.bits === 64 ? at + 16 : at + 8),
      kind: `${BINDINGS[info >> 4] ?? info >> 4} ${KINDS[kind] ?? kind}`.trim(),
      section: sectionName(file, section),
      isFile: kind === IS_FILE,
    })
  }
  return symbols
}

function sectionName({ sections }: ElfFile, number: number): string {
  if (number >= RESERVED_SECTIONS || number === 0) return SPECIAL_SECTIONS[number] ?? `section ${number}`
  return sections[number]?.name ?? `section ${number}`
}

/** A symbol that covers bytes of a section. */
export interface Cover {
  readonly name: string
  /** From the start of the section, in bytes. */
  readonly start: number
  readonly end: number
}

/** The symbols that cover bytes of each section, by their start; of several at one place the first is kept. */
export function coversOf(file: ElfFile, symbols: readonly ElfSymbol[]): Map<string, Cover[]> {
  const bySection = new Map<string, Cover[]>()
  const sections = new Map(file.sections.map((section) => [section.name, section]))
  // In an object file values are offsets already, and every section is at 0.
  for (const { name, value, size, section: inside, isFile } of symbols) {
    const section = sections.get(inside)
    if (section === undefined || isFile || name === '' || section.type === SECTION_TYPES.nobits) continue
    const start = value - section.address
    if (start < 0n || start >= section.size || start + size > section.size) continue
    const covers = bySection.get(inside) ?? []
    covers.push({ name, start: Number(start), end: Number(start + size) })
    bySection.set(inside, covers)
  }
  for (const covers of bySection.values()) covers.sort((a, b) => a.start - b.start || b.end - a.end)
  return bySection
}

/** The symbol that covers a byte: the innermost one with a size, else the nearest one before it that has none. */
export function coverAt(covers: readonly Cover[], at: number): Cover | undefined {
  let [low, high] = [0, covers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((covers[middle] as Cover).start <= at) low = middle + 1
    else high = middle
  }
  for (let index = low - 1; index >= Math.max(0, low - NEAREST); index--) {
    const cover = covers[index] as Cover
    if (cover.end > at || cover.end === cover.start) return cover
  }
  return undefined
}

/** Symbols before a byte that are looked at: they nest a little, and hostile ones without end. */
const NEAREST = 32
