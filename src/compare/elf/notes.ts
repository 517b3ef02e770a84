import type { ElfFile, ElfSection } from './file.ts'

/** One note of a note section; gABI chapter 5, "Note Section". */
export interface ElfNote {
  /** `GNU 3`, the owner and the type, or a name of its own: `build-id`. */
  readonly name: string
  readonly value: string
}

const BUILD_ID = 3
const PROPERTIES = 5
const GNU = 'GNU'

/** Properties of the machine supplements that say which processors a file is for. */
const PROPERTY_NAMES: Readonly<Record<number, string>> = {
  3221225472: 'AArch64 features',
  3221225474: 'x86 features',
  3221258241: 'x86 registers needed',
  3221258242: 'x86 ISA needed',
  3221291009: 'x86 registers used',
  3221291010: 'x86 ISA used',
}

/** The notes of a section; throws `E_ARCHIVE` where one leads out of it. */
export function readNotes(file: ElfFile, section: ElfSection): ElfNote[] {
  const view = file.view.part(section.bytes)
  const align = section.align === 8n ? 8 : 4
  const padded = (size: number): number => Math.ceil(size / align) * align
  const notes: ElfNote[] = []
  for (let at = 0; at + 12 <= section.bytes.length; ) {
    const [nameSize, size, type] = [view.u32(at), view.u32(at + 4), view.u32(at + 8)]
    const owner = view
      .slice(at + 12, nameSize)
      .toString('latin1')
      .replace(/\0+$/, '')
    const start = at + padded(12 + nameSize)
    const value = view.slice(start, size)
    if (owner === GNU && type === BUILD_ID) notes.push({ name: 'build-id', value: value.toString('hex') })
    else if (owner === GNU && type === PROPERTIES) notes.push(...readProperties(file, value))
    else notes.push({ name: `note ${owner} ${type}`, value: value.toString('hex') })
    at = start + padded(size)
  }
  return notes
}

function readProperties(file: ElfFile, bytes: Buffer): ElfNote[] {
  const view = file.view.part(bytes)
  const align = file.view.bits / 8
  const notes: ElfNote[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const [type, size] = [view.u32(at), view.u32(at + 4)]
    const value = view.slice(at + 8, size)
    const number = size === 4 ? `0x${view.u32(at + 8).toString(16)}` : value.toString('hex')
    notes.push({ name: PROPERTY_NAMES[type] ?? `property 0x${type.toString(16)}`, value: number })
    at += 8 + Math.ceil(size / align) * align
  }
  return notes
}
