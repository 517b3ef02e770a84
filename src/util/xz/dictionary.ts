import { MrrlError } from '../errors.ts'

const SMALLEST = 4096

/** Sizes an LZMA2 dictionary can have: 2^n and 2^n + 2^(n-1) from 4 KiB on (xz format 1.1.0, section 5.3.1). */
export function dictionaryOfCode(code: number): number {
  return code === 40 ? 0xffffffff : (2 | (code & 1)) * 2 ** ((code >> 1) + 11)
}

/** Inverse of {@link dictionaryOfCode}; throws `E_INTERNAL` on a size that has no code. */
export function codeOfDictionary(size: number): number {
  for (let code = 0; code <= 40; code++) {
    if (dictionaryOfCode(code) === size) return code
  }
  throw new MrrlError('E_INTERNAL', `xz: no dictionary of ${size} bytes`)
}

/** Smallest power of two from 4 KiB to `limit` that reaches over `length` bytes: a reader needs no more memory. */
export function dictionaryFor(length: number, limit: number): number {
  let size = SMALLEST
  while (size < length && size < limit) size *= 2
  return size
}
