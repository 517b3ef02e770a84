/** A section of a made ELF file. */
export interface MadeSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly bytes: Buffer
  readonly address?: number
}

/** A symbol of a made ELF file. */
export interface MadeSymbol {
  readonly name: string
  /** Name of its section. */
  readonly section: string
  /** From the start of the section. */
  readonly offset: number
  readonly size: number
  readonly kind?: 'object' | 'function'
}

/** A made ELF file. */
export interface MadeElf {
  readonly bits: 32 | 64
  readonly isLittleEndian: boolean
  readonly machine: number
  readonly sections: readonly MadeSection[]
  readonly symbols: readonly MadeSymbol[]
}

export const PROGBITS = 1
export const NOTE = 7
export const ALLOC = 2
export const EXEC = 4
const STRINGS = 3
const SYMBOLS = 2

/** Bytes of an ELF file: header, sections, symbols, names, section headers; no segments. */
export function elfBytes({ bits, isLittleEndian, machine, sections, symbols }: MadeElf): Buffer {
  const word = bits / 8
  const addressOf = (section: MadeSection): number => section.address ?? 0
  const put = (out: Buffer, at: number, size: number, value: number): void => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    const wanted = bytes.subarray(8 - size)
    out.set(isLittleEndian ? Buffer.from(wanted).reverse() : wanted, at)
  }
  const names = tableOf(symbols.map(({ name }) => name))
  const symbolBytes = bits === 64 ? 24 : 16
  const table = Buffer.alloc((symbols.length + 1) * symbolBytes)
  symbols.forEach(({ name, section, offset, size, kind }, index) => {
    const at = (index + 1) * symbolBytes
    const number = sections.findIndex((one) => one.name === section) + 1
    const value = addressOf(sections[number - 1] as MadeSection) + offset
    put(table, at, 4, names.at(name))
    put(table, at + (bits === 64 ? 8 : 4), word, value)
    put(table, at + (bits === 64 ? 16 : 8), word, size)
    table[at + (bits === 64 ? 4 : 12)] = (1 << 4) | (kind === 'function' ? 2 : 1)
    put(table, at + (bits === 64 ? 6 : 14), 2, number)
  })
  const all: MadeSection[] = [
    ...sections,
    { name: '.symtab', type: SYMBOLS, flags: 0, bytes: table },
    { name: '.strtab', type: STRINGS, flags: 0, bytes: names.bytes },
  ]
  const sectionNames = tableOf([...all.map(({ name }) => name), '.shstrtab'])
  all.push({ name: '.shstrtab', type: STRINGS, flags: 0, bytes: sectionNames.bytes })

  const headerBytes = bits === 64 ? 64 : 52
  const parts: Buffer[] = [Buffer.alloc(headerBytes)]
  let size = headerBytes
  const offsets = all.map(({ bytes }) => {
    const at = size
    parts.push(bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8))
    size += bytes.length + ((8 - (bytes.length % 8)) % 8)
    return at
  })
  const entry = bits === 64 ? 64 : 40
  const headers = Buffer.alloc((all.length + 1) * entry)
  all.forEach((section, index) => {
    const at = (index + 1) * entry
    put(headers, at, 4, sectionNames.at(section.name))
    put(headers, at + 4, 4, section.type)
    put(headers, at + 8, word, section.flags)
    put(headers, at + 8 + word, word, addressOf(section))
    put(headers, at + 8 + 2 * word, word, offsets[index] as number)
    put(headers, at + 8 + 3 * word, word, section.bytes.length)
    if (section.type === SYMBOLS) put(headers, at + 8 + 4 * word, 4, index + 2)
    put(headers, at + 16 + 4 * word, word, 4)
    if (section.type === SYMBOLS) put(headers, at + 16 + 5 * word, word, symbolBytes)
  })
  const header = parts[0] as Buffer
  header.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, isLittleEndian ? 1 : 2, 1])
  put(header, 16, 2, 3)
  put(header, 18, 2, machine)
  put(header, 24 + 2 * word, word, size)
  put(header, 24 + 3 * word + 4, 2, headerBytes)
  put(header, 24 + 3 * word + 10, 2, entry)
  put(header, 24 + 3 * word + 12, 2, all.length + 1)
  put(header, 24 + 3 * word + 14, 2, all.length)
  return Buffer.concat([...parts, headers])
}

/** A note: `GNU`, its type and value. */
export function noteBytes(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(4, 0)
  head.writeUInt32LE(value.length, 4)
  head.writeUInt32LE(type, 8)
  head.write('GNU\0', 12)
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}

function tableOf(names: readonly string[]): { readonly bytes: Buffer; readonly at: (name: string) => number } {
  const offsets = new Map<string, number>()
  let text = '\0'
  for (const name of names) {
    offsets.set(name, text.length)
    text += `${name}\0`
  }
  return { bytes: Buffer.from(text, 'latin1'), at: (name) => offsets.get(name) ?? 0 }
}
