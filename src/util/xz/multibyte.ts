import { MrrlError } from '../errors.ts'

/** Encodes a whole number from 0 to 2^53 - 1 (xz format 1.1.0, section 1.2: 7 bits a byte, lowest first). */
export function encodeMultibyte(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return Uint8Array.from(out)
}

/** A number and the offset behind it. */
export interface Multibyte {
  readonly value: number
  readonly next: number
}

/** Decodes the number at `at`; throws `E_ARCHIVE` where it is cut off, longer than needed, or above 2^53 - 1. */
export function decodeMultibyte(bytes: Uint8Array, at: number): Multibyte {
  let value = 0
  let scale = 1
  for (let i = at; i < bytes.length && i < at + 8; i++) {
    const byte = bytes[i] as number
    value += (byte & 127) * scale
    if (byte < 128) {
      if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && i > at)) break
      return { value, next: i + 1 }
    }
    scale *= 128
  }
  throw new MrrlError('E_ARCHIVE', 'xz: malformed number')
}
