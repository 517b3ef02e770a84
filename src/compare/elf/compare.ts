import { fieldDetails } from '../fields.ts'
import type { Detail } from '../place.ts'
import { stringDetails } from '../strings.ts'
import { contentDetails } from './content.ts'
import { readDynamic } from './dynamic.ts'
import { type ElfFile, hexadecimal, readElf, SECTION_FLAGS, SECTION_TYPES } from './file.ts'
import { readNotes } from './notes.ts'
import { commonSections, type ElfPair, elfDetail, makePair, type SectionPair } from './pair.ts'
import { sectionDetails } from './sections.ts'
import { symbolDetails } from './symbol-details.ts'

/** Fields without which nothing else can be compared. */
const MUST_AGREE = ['class', 'byte order', 'machine']
const DEBUG_LINK = '.gnu_debuglink'
const BUILD_ID = 'build-id'

/**
 * What differs between two ELF files: header fields, sections, symbols, notes, dynamic entries, and bytes by the symbol
 * that covers them. What only follows from the rest is marked so. Throws `E_ARCHIVE` for a damaged file.
 */
export function elfDetails(a: Uint8Array, b: Uint8Array): Detail[] {
  const pair = makePair(readElf(asBuffer(a)), readElf(asBuffer(b)))
  const identity = identityDetails(pair)
  if (identity.some(({ where }) => where.kind === 'elf' && MUST_AGREE.includes(where.field))) return identity
  const details = [...identity, ...sectionDetails(pair), ...symbolDetails(pair)]
  const sections = commonSections(pair)
  for (const both of sections) details.push(...ownDetails(pair, both))
  markSizes(details)
  const isExplained = details.some(({ follows }) => !follows)
  for (const both of sections) details.push(...derivedDetails(pair, both, isExplained))
  details.push(...layoutDetails(pair))
  if (details.length === 0) return [elfDetail({ field: 'bytes outside of all sections' }, null, null)]
  // What nothing else explains is no consequence.
  return details.every(({ follows }) => follows) ? details.map((detail) => ({ ...detail, follows: false })) : details
}

/** What is in a section of data explains its size, its alignment and the sizes of its symbols. */
function markSizes(details: Detail[]): void {
  const explained = new Set<string>()
  for (const { where, follows } of details) {
    if (where.kind === 'elf' && where.field === 'content' && !where.isCode && !follows) explained.add(where.section)
  }
  for (const [index, detail] of details.entries()) {
    const { where } = detail
    const isExplained = where.kind === 'elf' && !where.isCode && explained.has(where.section)
    if (isExplained && EXPLAINED_FIELDS.includes(where.field)) details[index] = { ...detail, follows: true }
  }
}

const EXPLAINED_FIELDS = ['size', 'alignment']

function identityDetails({ a, b }: ElfPair): Detail[] {
  return fieldDetails('ELF', a.identity, b.identity).map(({ where, before, after }) =>
    elfDetail({ field: where.kind === 'header' ? where.field : '' }, before, after),
  )
}

/** What a section holds, where it is not made from others. */
function ownDetails(pair: ElfPair, both: SectionPair): Detail[] {
  const { name, a, b } = both
  if (a.type !== b.type || a.bytes.equals(b.bytes)) return []
  // Names of folders and source files; the rest of it are numbers.
  if (DEBUG_LINES.test(name)) return sectionStrings(both)
  if (isDerived(both)) return []
  if (a.type === SECTION_TYPES.note) return noteDetails(pair, both, (note) => note !== BUILD_ID)
  if (a.type === SECTION_TYPES.dynamic) return dynamicDetails(pair, both)
  const isText = (a.flags & SECTION_FLAGS.strings) !== 0n
  const strings = isText && a.entrySize <= 1n ? sectionStrings(both) : []
  return strings.length > 0 ? strings : contentDetails(pair, both)
}

function sectionStrings({ name, a, b }: SectionPair): Detail[] {
  const place = { kind: 'elf', section: name, symbol: '', field: 'content', isCode: false } as const
  return stringDetails(a.bytes, b.bytes, ({ at }) => ({ ...place, offset: at }))
}

/** Build-id, link to debug information and tables: they change with anything else. */
function derivedDetails(pair: ElfPair, both: SectionPair, follows: boolean): Detail[] {
  const { name, a, b } = both
  if (a.type !== b.type || a.bytes.equals(b.bytes)) return []
  if (a.type === SECTION_TYPES.note) {
    return noteDetails(pair, both, (note) => note === BUILD_ID).map((detail) => ({ ...detail, follows }))
  }
  if (name === DEBUG_LINK) return [linkDetail(both, follows)]
  if (!isDerived(both)) return []
  return [elfDetail({ section: name, field: 'table' }, null, null, follows)]
}

const DERIVED_TYPES: readonly number[] = [
  SECTION_TYPES.symtab,
  SECTION_TYPES.dynsym,
  SECTION_TYPES.strtab,
  SECTION_TYPES.rel,
  SECTION_TYPES.rela,
  SECTION_TYPES.hash,
]
const DERIVED_NAMES =
  /^\.(gnu\.hash|gnu\.version(_[rd])?|eh_frame(_hdr)?|plt.*|got.*|relr\.dyn|gcc_except_table.*|group|debug_(?!(?:line_)?str).*|rela?\..*)(#\d+)?$/

const DEBUG_LINES = /^\.debug_line(#\d+)?$/

function isDerived({ name, a }: SectionPair): boolean {
  return DERIVED_TYPES.includes(a.type) || DERIVED_NAMES.test(name) || name === DEBUG_LINK
}

function noteDetails({ a, b }: ElfPair, both: SectionPair, isWanted: (note: string) => boolean): Detail[] {
  const fields = (file: ElfFile, section: SectionPair['a']): [string, string][] =>
    readNotes(file, section).map(({ name, value }) => [name, value])
  return fieldDetails('ELF', fields(a, both.a), fields(b, both.b)).flatMap(({ where, before, after }) => {
    const field = where.kind === 'header' ? where.field : ''
    return isWanted(field) ? [elfDetail({ section: both.name, field }, before, after)] : []
  })
}

function dynamicDetails({ a, b }: ElfPair, both: SectionPair): Detail[] {
  const fields = (entries: ReturnType<typeof readDynamic>): [string, string][] => {
    const byTag = new Map<string, string>()
    for (const [tag, value] of entries) byTag.set(tag, byTag.has(tag) ? `${byTag.get(tag)} ${value}` : value)
    return [...byTag]
  }
  return fieldDetails('ELF', fields(readDynamic(a, both.a)), fields(readDynamic(b, both.b))).map(
    ({ where, before, after }) =>
      elfDetail({ section: both.name, field: where.kind === 'header' ? where.field : '' }, before, after),
  )
}

function linkDetail({ name, a, b }: SectionPair, follows: boolean): Detail {
  const [before, after] = [a, b].map(({ bytes }) => {
    const end = Math.max(bytes.indexOf(0), 0)
    return `${bytes.toString('latin1', 0, end)}, CRC ${bytes.toString('hex', Math.max(bytes.length - 4, 0))}`
  }) as [string, string]
  const isSameFile = before.split(', CRC ')[0] === after.split(', CRC ')[0]
  return elfDetail({ section: name, field: 'debuglink' }, before, after, follows && isSameFile)
}

/** Where the program starts and what is loaded: both follow from the sections. */
function layoutDetails({ a, b, isMoved }: ElfPair): Detail[] {
  const details: Detail[] = []
  if (a.entry !== b.entry) details.push(elfDetail({ field: 'entry' }, hexadecimal(a.entry), hexadecimal(b.entry), true))
  const segments = (file: ElfFile): string =>
    file.segments
      .map(({ type, flags, align }) => `${hexadecimal(BigInt(type))}:${flags}:${hexadecimal(align)}`)
      .join(' ')
  if (segments(a) !== segments(b)) details.push(elfDetail({ field: 'segments' }, segments(a), segments(b), isMoved))
  return details
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
