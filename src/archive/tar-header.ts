import { isZero } from '../util/zeros.ts'
import { archiveError } from './archive-error.ts'

/** Size of a header and unit of everything in a tar archive, in bytes. */
export const BLOCK: number = 512

/** The fields of one header block; names are bytes up to the first NUL. */
export interface TarHeader {
  readonly name: Uint8Array
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of content that follow. */
  readonly size: number
  /** Seconds since 1970; negative only as GNU tar writes it, in base 256. */
  readonly mtime: number
  /** Type flag as a character; `0` for the NUL of old archives. */
  readonly type: string
  readonly linkName: Uint8Array
  readonly major: number
  readonly minor: number
}

const POSIX_MAGIC = 'ustar\x0000'
const GNU_MAGIC = 'ustar  \0'
const OLD_MAGIC = '\0'.repeat(8)
const SPACE = 0x20
const ZERO = 0x30

/** Largest number of six octal digits, the width of a mode or id as it is written here. */
export const MAX_SIX_DIGITS: number = 0o777777
/** Largest number of eleven octal digits: a size or time in ustar. */
export const MAX_ELEVEN_DIGITS: number = 0o77777777777

/**
 * Writes one ustar header. Names are at most 100 bytes; `mode` and ids have at most six octal digits, device numbers
 * seven, the time eleven, and what exceeds that is the caller's fault. A size of more than eleven digits is written in
 * base 256, as GNU tar and libarchive do.
 */
export function encodeHeader(header: TarHeader): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  block.set(header.name, 0)
  putOctal(block, 100, header.mode, 6)
  putOctal(block, 108, header.uid, 6)
  putOctal(block, 116, header.gid, 6)
  if (header.size > MAX_ELEVEN_DIGITS) putBase256(block, 124, header.size)
  else putOctal(block, 124, header.size, 11)
  putOctal(block, 136, header.mtime, 11)
  block[156] = header.type.charCodeAt(0)
  block.set(header.linkName, 157)
  block.write(POSIX_MAGIC, 257, 'latin1')
  putOctal(block, 329, header.major, header.major > MAX_SIX_DIGITS ? 7 : 6)
  putOctal(block, 337, header.minor, header.minor > MAX_SIX_DIGITS ? 7 : 6)
  putOctal(block, 148, sum(block), 6)
  return block
}

/** True for a first block that only a tar archive has: the magic, or for archives before POSIX a right checksum. */
export function looksLikeTar(block: Uint8Array): boolean {
  if (block.length < BLOCK || isZero(block)) return false
  return text(block, 257, 5) === 'ustar' || hasOldChecksum(block)
}

/** Reads one header, POSIX.1-2024 `pax`, "ustar Interchange Format". Throws `E_ARCHIVE` on any field out of rule. */
export function decodeHeader(block: Uint8Array, offset: number): TarHeader {
  const checksum = numberField(block, 148, 8, 'checksum', offset)
  if (checksum !== sum(block)) {
    throw archiveError('E_ARCHIVE', `has a wrong header checksum at ${offset}`, {
      fields: { offset, expected: checksum, got: sum(block) },
    })
  }
  const isPosix = has(block, 257, POSIX_MAGIC)
  const isGnu = !isPosix && has(block, 257, GNU_MAGIC)
  if (!isPosix && !isGnu && !has(block, 257, OLD_MAGIC)) {
    const magic = text(block, 257, 8)
    throw archiveError('E_ARCHIVE', `has the unknown tar magic ${JSON.stringify(magic)} at ${offset}`, {
      fields: { offset },
    })
  }
  const name = stringField(block, 0, 100, 'name', offset)
  const prefix = isPosix ? stringField(block, 345, 155, 'prefix', offset) : NOTHING
  if (isGnu && !isZero(block.subarray(345, 500))) {
    throw archiveError('E_ARCHIVE', `has GNU fields for sparse, split or incremental archives at ${offset}`, {
      fields: { offset },
    })
  }
  const type = block[156] as number
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    mode: numberField(block, 100, 8, 'mode', offset),
    uid: optionalField(block, 108, 8, 'uid', offset),
    gid: optionalField(block, 116, 8, 'gid', offset),
    size: numberField(block, 124, 12, 'size', offset),
    mtime:
      block[136] === NEGATIVE ? negativeField(block, 136, 12, offset) : optionalField(block, 136, 12, 'mtime', offset),
    type: type === 0 ? '0' : String.fromCharCode(type),
    linkName: stringField(block, 157, 100, 'link name', offset),
    major: optionalField(block, 329, 8, 'device major', offset),
    minor: optionalField(block, 337, 8, 'device minor', offset),
  }
}

const NOTHING = new Uint8Array(0)
/** First byte of a negative number in base 256. */
const NEGATIVE = 0xff

/** A field that writers who keep no owners, times or devices leave empty, which is read as 0. */
function optionalField(block: Uint8Array, start: number, length: number, field: string, offset: number): number {
  return isEmpty(block, start, length) ? 0 : numberField(block, start, length, field, offset)
}

/** Octal digits, spaces before and NULs or spaces after; or GNU's base 256, not negative, up to 2^53 - 1. */
function numberField(block: Uint8Array, start: number, length: number, field: string, offset: number): number {
  const first = block[start] as number
  if (first & 0x80) {
    if (first !== 0x80) throw badNumber(field, first & 0x40 ? 'negative' : 'too large', offset)
    const value = base256(block.subarray(start + 1, start + length), 0)
    if (!Number.isSafeInteger(value)) throw badNumber(field, 'too large', offset)
    return value
  }
  const end = start + length
  let at = start
  while (at < end && block[at] === SPACE) at++
  const digits = at
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] as number) - ZERO
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  if (at === digits || !isEmpty(block, at, end - at)) throw badNumber(field, 'not an octal number', offset)
  return value
}

/** Two's complement in base 256: a time before 1970. */
function negativeField(block: Uint8Array, start: number, length: number, offset: number): number {
  const value = -1 - base256(block.subarray(start + 1, start + length), NEGATIVE)
  if (!Number.isSafeInteger(value)) throw badNumber('mtime', 'too large', offset)
  return value
}

/** Big endian; every byte is XORed with `flip` before. */
function base256(bytes: Uint8Array, flip: number): number {
  return bytes.reduce((number, byte) => number * 256 + (byte ^ flip), 0)
}

function putOctal(block: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value
  for (let place = at + digits - 1; place >= at; place--) {
    block[place] = ZERO + (rest % 8)
    rest = Math.floor(rest / 8)
  }
  // A field of eight bytes has room for a space and a NUL behind six digits, but only for the NUL behind seven.
  if (digits !== 7) block[at + digits] = SPACE
}

function putBase256(block: Uint8Array, at: number, value: number): void {
  let rest = value
  for (let place = at + 11; place > at; place--) {
    block[place] = rest % 256
    rest = Math.floor(rest / 256)
  }
  block[at] = 0x80
}

/** Bytes up to a NUL, after which only NULs may follow: readers differ on what comes behind it. */
function stringField(block: Uint8Array, start: number, length: number, field: string, offset: number): Uint8Array {
  const limit = start + length
  let end = start
  while (end < limit && block[end] !== 0) end++
  for (let at = end; at < limit; at++) {
    if (block[at] === 0) continue
    throw archiveError('E_ARCHIVE', `has bytes after the NUL of a ${field} at ${offset}`, { fields: { offset } })
  }
  return end === start ? NOTHING : block.subarray(start, end)
}

function isEmpty(block: Uint8Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (block[i] !== 0 && block[i] !== SPACE) return false
  return true
}

/** The checksum: all bytes added up, its own field taken as spaces. */
function sum(block: Uint8Array): number {
  let total = 8 * SPACE
  for (let i = 0; i < 148; i++) total += block[i] as number
  for (let i = 156; i < BLOCK; i++) total += block[i] as number
  return total
}

function hasOldChecksum(block: Uint8Array): boolean {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(text(block, 148, 8))?.[1]
  return digits !== undefined && Number.parseInt(digits, 8) === sum(block)
}

function has(block: Uint8Array, start: number, magic: string): boolean {
  for (let i = 0; i < magic.length; i++) if (block[start + i] !== magic.charCodeAt(i)) return false
  return true
}

function text(block: Uint8Array, start: number, length: number): string {
  return Buffer.from(block.buffer, block.byteOffset + start, length).toString('latin1')
}

function badNumber(field: string, what: string, offset: number): Error {
  return archiveError('E_ARCHIVE', `has a ${field} that is ${what} at ${offset}`, { fields: { offset, field } })
}
