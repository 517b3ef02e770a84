import type { BranchConverter, Direction } from './bcj.ts'

// Which of the three bytes before an opcode may be part of an earlier one, as bits: the patterns that still allow
// a conversion, and how far back the newest of them lies.
const ALLOWED = [true, true, true, false, true, false, false, false] as const
const DISTANCE = [0, 1, 2, 2, 3, 3, 3, 3] as const
const OPCODE_AND_ADDRESS = 5

/**
 * Converter for x86 `call` (E8) and `jmp` (E9): relative addresses to absolute ones and back.
 * The rule is that of the xz format's filter 0x04, which is the BCJ filter of 7-Zip.
 */
export function x86Converter(direction: Direction): BranchConverter {
  const sign = direction === 'encode' ? 1 : -1
  let position = OPCODE_AND_ADDRESS
  let mask = 0

  return (bytes) => {
    const last = bytes.length - OPCODE_AND_ADDRESS
    let opcode = -1
    let i = 0
    for (; i <= last; i++) {
      if (((bytes[i] as number) & 0xfe) !== 0xe8) continue
      const gap = i - opcode
      opcode = i
      mask = gap > 3 ? 0 : (mask << (gap - 1)) & 7
      if (mask !== 0 && (!ALLOWED[mask] || isSignByte(bytes[i + 4 - (DISTANCE[mask] as number)] as number))) {
        mask = (mask << 1) | 1
        continue
      }
      if (!isSignByte(bytes[i + 4] as number)) {
        mask = (mask << 1) | 1
        continue
      }
      const address = convert(readAddress(bytes, i + 1), sign * (position + i), mask)
      bytes[i + 1] = address
      bytes[i + 2] = address >>> 8
      bytes[i + 3] = address >>> 16
      bytes[i + 4] = (address & 0x1000000) === 0 ? 0 : 0xff
      i += 4
    }
    const gap = i - opcode
    mask = gap > 3 ? 0 : (mask << (gap - 1)) & 7
    const done = Math.max(i, 0)
    position = (position + done) | 0
    return done
  }
}

// Addresses are taken as 25 bits with sign: the top byte of a candidate is all zeros or all ones.
function isSignByte(byte: number): boolean {
  return byte === 0 || byte === 0xff
}

function readAddress(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

function convert(from: number, offset: number, mask: number): number {
  let source = from
  for (;;) {
    const result = (source + offset) | 0
    if (mask === 0) return result
    const shift = (DISTANCE[mask] as number) * 8
    if (!isSignByte((result >>> (24 - shift)) & 0xff)) return result
    source = result ^ (2 ** (32 - shift) - 1)
  }
}
