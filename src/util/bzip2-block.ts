import { type BitReader, damaged } from './bzip2-bits.ts'

/** Symbols after which another Huffman table may be selected. */
const GROUP_SIZE = 50
/** Selectors a block of 900 000 symbols can use. Some writers declare more; like bzip2 1.0.8, they are read and dropped. */
const MAX_SELECTORS = 18002
const MAX_CODE_LENGTH = 20
/** Codes up to this long are found in one look; longer ones are rare. */
const LOOKUP_BITS = 10

interface CodeTable {
  /** By the next {@link LOOKUP_BITS} bits: symbol * 32 + length, or 0 when the code is longer. */
  readonly lookup: Uint16Array
  /** Per length, the first code that is longer, left-aligned to {@link MAX_CODE_LENGTH} bits. */
  readonly limit: Int32Array
  /** Per length, index of the first symbol minus its code. */
  readonly base: Int32Array
  readonly symbols: Uint16Array
}

/**
 * Reads one block after its CRC field into `work` (at least the stream's block size) as the Burrows-Wheeler
 * transform's inverse linked list: low byte the content, upper 24 bits the next index.
 * Returns its length and the index to start from. Throws `E_ARCHIVE`.
 */
export function decodeBlock(bits: BitReader, work: Uint32Array, blockSize: number): { length: number; start: number } {
  if (bits.read(1) !== 0) throw damaged('it uses the randomisation that bzip2 gave up in 1998')
  const origin = bits.read(24)
  const used = readUsedBytes(bits)
  const tableCount = bits.read(3)
  if (tableCount < 2 || tableCount > 6) throw damaged(`a block has ${tableCount} code tables`)
  const selectors = readSelectors(bits, tableCount)
  const tables: CodeTable[] = []
  for (let i = 0; i < tableCount; i++) tables.push(readCodeTable(bits, used.length + 2))

  const counts = new Int32Array(256)
  const length = readSymbols(bits, tables, selectors, used, work, blockSize, counts)
  if (origin >= length) throw damaged('a block starts outside itself')
  let sum = 0
  for (let i = 0; i < 256; i++) {
    const count = counts[i] as number
    counts[i] = sum
    sum += count
  }
  for (let i = 0; i < length; i++) {
    const byte = (work[i] as number) & 0xff
    const at = counts[byte] as number
    counts[byte] = at + 1
    work[at] = ((work[at] as number) | (i << 8)) >>> 0
  }
  return { length, start: origin }
}

function readUsedBytes(bits: BitReader): Uint8Array {
  const used: number[] = []
  const ranges = bits.read(16)
  for (let i = 0; i < 16; i++) {
    if ((ranges & (0x8000 >> i)) === 0) continue
    const bytes = bits.read(16)
    for (let j = 0; j < 16; j++) if ((bytes & (0x8000 >> j)) !== 0) used.push(i * 16 + j)
  }
  if (used.length === 0) throw damaged('a block uses no byte')
  return Uint8Array.from(used)
}

function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const declared = bits.read(15)
  if (declared === 0) throw damaged('a block selects no code table')
  const selectors = new Uint8Array(Math.min(declared, MAX_SELECTORS))
  const order = [0, 1, 2, 3, 4, 5]
  for (let i = 0; i < declared; i++) {
    let position = 0
    while (bits.read(1) === 1) {
      position++
      if (position >= tableCount) throw damaged('a block selects a code table that it does not have')
    }
    const [table = 0] = order.splice(position, 1)
    order.unshift(table)
    if (i < selectors.length) selectors[i] = table
  }
  return selectors
}

function readCodeTable(bits: BitReader, symbolCount: number): CodeTable {
  const lengths = new Uint8Array(symbolCount)
  let length = bits.read(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw damaged(`a code is ${length} bits long`)
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return buildCodeTable(lengths)
}

function buildCodeTable(lengths: Uint8Array): CodeTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS)
  const limit = new Int32Array(MAX_CODE_LENGTH + 1)
  const base = new Int32Array(MAX_CODE_LENGTH + 1)
  const symbols = new Uint16Array(lengths.length)
  let code = 0
  let index = 0
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    code <<= 1
    base[length] = index - code
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue
      if (code >= 1 << length) throw damaged('a code table has more codes than fit')
      if (length <= LOOKUP_BITS) {
        const shift = LOOKUP_BITS - length
        lookup.fill(symbol * 32 + length, code << shift, (code + 1) << shift)
      }
      symbols[index++] = symbol
      code++
    }
    limit[length] = code << (MAX_CODE_LENGTH - length)
  }
  return { lookup, limit, base, symbols }
}

function readSymbols(
  bits: BitReader,
  tables: readonly CodeTable[],
  selectors: Uint8Array,
  used: Uint8Array,
  work: Uint32Array,
  blockSize: number,
  counts: Int32Array,
): number {
  const recent = Uint8Array.from(used)
  const end = used.length + 1
  let length = 0
  let run = 0
  let runBit = 1
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? -1]
    if (table === undefined) throw damaged('a block has more symbols than it selects code tables for')
    for (let left = GROUP_SIZE; left > 0; left--) {
      const symbol = readSymbol(bits, table)
      if (symbol < 2) {
        if (runBit > blockSize) throw damaged('a run is longer than its block')
        run += runBit << symbol
        runBit <<= 1
        continue
      }
      if (run > 0) {
        const byte = recent[0] as number
        if (length + run > blockSize) throw damaged('a block is longer than its stream allows')
        work.fill(byte, length, length + run)
        counts[byte] = (counts[byte] as number) + run
        length += run
        run = 0
        runBit = 1
      }
      if (symbol === end) return length
      if (length >= blockSize) throw damaged('a block is longer than its stream allows')
      const position = symbol - 1
      const byte = recent[position] as number
      if (position > 15) recent.copyWithin(1, 0, position)
      else for (let i = position; i > 0; i--) recent[i] = recent[i - 1] as number
      recent[0] = byte
      work[length++] = byte
      counts[byte] = (counts[byte] as number) + 1
    }
  }
}

function readSymbol(bits: BitReader, table: CodeTable): number {
  const ahead = bits.peek(MAX_CODE_LENGTH)
  const entry = table.lookup[ahead >>> (MAX_CODE_LENGTH - LOOKUP_BITS)] as number
  if (entry !== 0) {
    bits.skip(entry & 31)
    return entry >>> 5
  }
  for (let length = LOOKUP_BITS + 1; length <= MAX_CODE_LENGTH; length++) {
    if (ahead >= (table.limit[length] as number)) continue
    bits.skip(length)
    return table.symbols[(ahead >>> (MAX_CODE_LENGTH - length)) + (table.base[length] as number)] as number
  }
  throw damaged('a code is in no table')
}
