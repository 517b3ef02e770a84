import { StringTable } from './strings-table.ts'
import { damagedElf, ElfView } from './view.ts'

/** Values of `sh_type` that have a meaning here; gABI chapter 4. */
export const SECTION_TYPES = {
  null: 0,
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  hash: 5,
  dynamic: 6,
  note: 7,
  nobits: 8,
  rel: 9,
  dynsym: 11,
} as const

/** Bits of `sh_flags`. */
export const SECTION_FLAGS = { write: 1n, alloc: 2n, exec: 4n, merge: 0x10n, strings: 0x20n } as const

/** A section; where a file has no table of them, a segment. */
export interface ElfSection {
  /** Told by its place among those of the same name: `.text`, `.text#2`. */
  readonly name: string
  readonly type: number
  readonly flags: bigint
  readonly address: bigint
  readonly size: bigint
  readonly align: bigint
  readonly entrySize: bigint
  /** Number of the section that it refers to. */
  readonly link: number
  /** Content; empty where it has none in the file. */
  readonly bytes: Buffer
}

/** A segment of the program header table. */
export interface ElfSegment {
  readonly type: number
  readonly flags: number
  readonly align: bigint
  readonly address: bigint
  readonly bytes: Buffer
}

/** An ELF file taken apart. */
export interface ElfFile {
  readonly view: ElfView
  readonly identity: readonly (readonly [field: string, value: string])[]
  readonly entry: bigint
  /** By their numbers in the file. */
  readonly sections: readonly ElfSection[]
  readonly segments: readonly ElfSegment[]
  /** True where {@link ElfFile.sections} are segments. */
  readonly isWithoutSections: boolean
}

const HEADER_BYTES = { 32: 52, 64: 64 } as const
const SECTION_BYTES = { 32: 40, 64: 64 } as const
const SEGMENT_BYTES = { 32: 32, 64: 56 } as const
const EXTENDED_INDEX = 0xffff
const LOAD = 1
/** What all sections may have in the file, as a multiple of it: some overlap honestly, thousands do to waste time. */
const MOST_OVERLAP = 3

const TYPES: Readonly<Record<number, string>> = { 0: 'none', 1: 'REL', 2: 'EXEC', 3: 'DYN', 4: 'CORE' }

/** Reads the headers of an ELF file of any class and byte order; throws `E_ARCHIVE` where they lead out of the file. */
export function readElf(bytes: Buffer): ElfFile {
  const [bits, order] = [bytes[4] === 1 ? 32 : 64, bytes[5]] as const
  if (bytes.length < HEADER_BYTES[bits] || (bytes[4] !== 1 && bytes[4] !== 2) || (order !== 1 && order !== 2)) {
    throw damagedElf('no header')
  }
  const view = new ElfView(bytes, bits, order === 1)
  const word = bits / 8
  const flagsAt = 24 + 3 * word
  const type = view.u16(16)
  const identity = [
    ['class', `${bits} bits`],
    ['byte order', order === 1 ? 'little endian' : 'big endian'],
    ['OS ABI', `${view.u8(7)}, ${view.u8(8)}`],
    ['type', TYPES[type] ?? String(type)],
    ['machine', String(view.u16(18))],
    ['flags', hexadecimal(BigInt(view.u32(flagsAt)))],
  ] as const
  const segments = readSegments(view, {
    start: view.extent(24 + word),
    size: view.u16(flagsAt + 6),
    count: view.u16(flagsAt + 8),
  })
  const sections = readSections(view, {
    start: view.extent(24 + 2 * word),
    size: view.u16(flagsAt + 10),
    count: view.u16(flagsAt + 12),
    names: view.u16(flagsAt + 14),
  })
  const isWithoutSections = sections.length === 0
  return {
    view,
    identity,
    entry: view.word(24),
    segments,
    isWithoutSections,
    sections: isWithoutSections ? segments.flatMap(asSection) : sections,
  }
}

/** A number as it is usual for addresses and flags. */
export function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`
}

function readSegments(view: ElfView, table: { start: number; size: number; count: number }): ElfSegment[] {
  if (table.start === 0 || table.count === 0) return []
  if (table.size < SEGMENT_BYTES[view.bits]) throw damagedElf('program headers that are too short')
  const word = view.bits / 8
  return Array.from({ length: table.count }, (_, number): ElfSegment => {
    const at = table.start + number * table.size
    // 64 bits have the flags before the offset, 32 bits before the alignment.
    const offsetAt = at + word
    const flagsAt = view.bits === 64 ? at + 4 : at + 24
    const [start, size] = [view.word(offsetAt), view.word(offsetAt + 3 * word)]
    // A file of debug information alone keeps the headers of segments that it has not.
    const isHere = start + size <= BigInt(view.bytes.length)
    return {
      type: view.u32(at),
      flags: view.u32(flagsAt),
      align: view.word(view.bits === 64 ? at + 48 : at + 28),
      address: view.word(offsetAt + word),
      bytes: isHere ? view.slice(Number(start), Number(size)) : EMPTY,
    }
  })
}

interface SectionTable {
  readonly start: number
  readonly size: number
  readonly count: number
  readonly names: number
}

function readSections(view: ElfView, { start, size, count, names }: SectionTable): ElfSection[] {
  if (start === 0) return []
  if (size < SECTION_BYTES[view.bits]) throw damagedElf('section headers that are too short')
  const word = view.bits / 8
  const sizeAt = 8 + 3 * word
  // Counts of 65 280 and more are in the first header.
  const total = count === 0 ? view.extent(start + sizeAt) : count
  const nameTable = names === EXTENDED_INDEX ? view.u32(start + 8 + 4 * word) : names
  view.slice(start, total * size)
  let budget = MOST_OVERLAP * view.bytes.length
  const raw = Array.from({ length: total }, (_, number) => {
    const at = start + number * size
    const type = view.u32(at + 4)
    const hasBytes = type !== SECTION_TYPES.nobits && type !== SECTION_TYPES.null
    const bytes = hasBytes ? view.slice(view.extent(at + 8 + 2 * word), view.extent(at + sizeAt)) : EMPTY
    budget -= bytes.length
    if (budget < 0) throw damagedElf('sections that overlap')
    return {
      nameAt: view.u32(at),
      type,
      flags: view.word(at + 8),
      address: view.word(at + 8 + word),
      size: view.word(at + sizeAt),
      link: view.u32(at + 8 + 4 * word),
      align: view.word(at + 16 + 4 * word),
      entrySize: view.word(at + 16 + 5 * word),
      bytes,
    }
  })
  const table = new StringTable(raw[nameTable]?.bytes ?? EMPTY)
  const unique = uniqueNames()
  return raw.map(({ nameAt, ...section }) => ({ name: unique(table.at(nameAt)), ...section }))
}

const EMPTY = Buffer.alloc(0)

/** Tells things of one name apart by their place among them. */
export function uniqueNames(): (name: string) => string {
  const counts = new Map<string, number>()
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count === 1 ? name : `${name}#${count}`
  }
}

function asSection(segment: ElfSegment, number: number): ElfSection[] {
  if (segment.type !== LOAD) return []
  const { address, align, bytes } = segment
  const flags = SECTION_FLAGS.alloc | ((segment.flags & 1) !== 0 ? SECTION_FLAGS.exec : 0n)
  const size = BigInt(bytes.length)
  return [
    {
      name: `segment ${number}`,
      type: SECTION_TYPES.progbits,
      flags,
      address,
      size,
      align,
      entrySize: 0n,
      link: 0,
      bytes,
    },
  ]
}
