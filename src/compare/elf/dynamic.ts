import { type ElfFile, type ElfSection, hexadecimal } from './file.ts'
import { StringTable } from './strings-table.ts'

/** Tags of dynamic entries whose value is a name; gABI chapter 5, "Dynamic Section". */
const NAMED: Readonly<Record<number, string>> = { 1: 'NEEDED', 14: 'SONAME', 15: 'RPATH', 29: 'RUNPATH' }
/** Tags whose value somebody chose; all others are addresses and sizes, which follow from the rest. */
const CHOSEN: Readonly<Record<number, string>> = {
  30: 'FLAGS',
  1879048187: 'FLAGS_1',
  24: 'BIND_NOW',
  22: 'TEXTREL',
  16: 'SYMBOLIC',
}

/** What a dynamic section says, in its order: what somebody chose by name, and how many entries there are besides. */
export function readDynamic(file: ElfFile, section: ElfSection): (readonly [tag: string, value: string])[] {
  const view = file.view.part(section.bytes)
  const names = new StringTable(file.sections[section.link]?.bytes ?? Buffer.alloc(0))
  const step = (file.view.bits / 8) * 2
  const entries: (readonly [string, string])[] = []
  for (let at = 0; at + step <= section.bytes.length; at += step) {
    const tag = Number(view.word(at))
    const value = view.word(at + step / 2)
    if (tag === 0) break
    const [named, chosen] = [NAMED[tag], CHOSEN[tag]]
    if (named !== undefined) entries.push([named, names.at(Number(value))])
    else entries.push(chosen === undefined ? [`tag ${hexadecimal(BigInt(tag))}`, ''] : [chosen, hexadecimal(value)])
  }
  return entries
}
