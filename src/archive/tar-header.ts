import { archiveError } from './archive-error.ts'
import { isZero } from './zeros.ts'

/** Size of a header and unit of everything in a tar archive, in bytes. */
export const BLOCK: number = 512

/** The fields of one header block that matter to a reader; names are bytes up to the first NUL. */
export interface TarHeader {
  readonly name: Uint8Array
  readonly mode: number
  /** Bytes of content that follow. */
  readonly size: number
  /** Type flag as a character; `0` for the NUL of old archives. */
  readonly type: string
  readonly linkName: Uint8Array
  /** Offset of the header in the archive. */
  readonly offset: number
}

const POSIX_MAGIC = 'ustar\x0000'
const GNU_MAGIC = 'ustar  \0'
const OLD_MAGIC = '\0'.repeat(8)
const SPACE = 0x20

/** True for a first block that only a tar archive has: the magic, or for archives before POSIX a right checksum. */
export function looksLikeTar(block: Uint8Array): boolean {
  if (block.length < BLOCK || isZero(block)) return false
  return text(block, 257, 5) === 'ustar' || hasOldChecksum(block)
}

/** Reads one header, POSIX.1-2024 `pax`, "ustar Interchange Format". Throws `E_ARCHIVE` on any field out of rule. */
export function decodeHeader(block: Uint8Array, offset: number): TarHeader {
  const at = { fields: { offset } }
  const checksum = numberField(block, 148, 8, 'checksum', offset)
  if (checksum !== sum(block)) {
    throw archiveError('E_ARCHIVE', `has a wrong header checksum at ${offset}`, {
      fields: { offset, expected: checksum, got: sum(block) },
    })
  }
  const magic = text(block, 257, 8)
  if (magic !== POSIX_MAGIC && magic !== GNU_MAGIC && magic !== OLD_MAGIC) {
    throw archiveError('E_ARCHIVE', `has the unknown tar magic ${JSON.stringify(magic)} at ${offset}`, at)
  }
  const name = stringField(block, 0, 100, 'name', offset)
  const prefix = magic === POSIX_MAGIC ? stringField(block, 345, 155, 'prefix', offset) : new Uint8Array(0)
  if (magic === GNU_MAGIC && !isZero(block.subarray(345, 500))) {
    throw archiveError('E_ARCHIVE', `has GNU fields for sparse, split or incremental archives at ${offset}`, at)
  }
  for (const [start, length, field] of IGNORED_NUMBERS) {
    if (!isEmpty(block, start, length)) numberField(block, start, length, field, offset)
  }
  const type = block[156] as number
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    mode: numberField(block, 100, 8, 'mode', offset),
    size: numberField(block, 124, 12, 'size', offset),
    type: type === 0 ? '0' : String.fromCharCode(type),
    linkName: stringField(block, 157, 100, 'link name', offset),
    offset,
  }
}

/** Read for their form only; writers that keep no owners leave them empty. */
const IGNORED_NUMBERS = [
  [108, 8, 'uid'],
  [116, 8, 'gid'],
  [136, 12, 'mtime'],
  [329, 8, 'device major'],
  [337, 8, 'device minor'],
] as const

/** Octal digits, spaces before and NULs or spaces after; or GNU's base 256, not negative, up to 2^53 - 1. */
function numberField(block: Uint8Array, start: number, length: number, field: string, offset: number): number {
  const bytes = block.subarray(start, start + length)
  const first = bytes[0] as number
  if (first & 0x80) {
    if (first !== 0x80) throw badNumber(field, first & 0x40 ? 'negative' : 'too large', offset)
    const value = bytes.subarray(1).reduce((number, byte) => number * 256 + byte, 0)
    if (!Number.isSafeInteger(value)) throw badNumber(field, 'too large', offset)
    return value
  }
  const digits = /^ *([0-7]+)[ \0]*$/.exec(Buffer.from(bytes).toString('latin1'))?.[1]
  if (digits === undefined) throw badNumber(field, 'not an octal number', offset)
  return Number.parseInt(digits, 8)
}

/** Bytes up to a NUL, after which only NULs may follow: readers differ on what comes behind it. */
function stringField(block: Uint8Array, start: number, length: number, field: string, offset: number): Uint8Array {
  const bytes = block.subarray(start, start + length)
  const end = bytes.indexOf(0)
  if (end < 0) return bytes
  if (!isZero(bytes.subarray(end))) {
    throw archiveError('E_ARCHIVE', `has bytes after the NUL of a ${field} at ${offset}`, { fields: { offset } })
  }
  return bytes.subarray(0, end)
}

function isEmpty(block: Uint8Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (block[i] !== 0 && block[i] !== SPACE) return false
  return true
}

/** The checksum: all bytes added up, its own field taken as spaces. */
function sum(block: Uint8Array): number {
  let total = 8 * SPACE
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) total += block[i] as number
  return total
}

function hasOldChecksum(block: Uint8Array): boolean {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(text(block, 148, 8))?.[1]
  return digits !== undefined && Number.parseInt(digits, 8) === sum(block)
}

function text(block: Uint8Array, start: number, length: number): string {
  return Buffer.from(block.buffer, block.byteOffset + start, length).toString('latin1')
}

function badNumber(field: string, what: string, offset: number): Error {
  return archiveError('E_ARCHIVE', `has a ${field} that is ${what} at ${offset}`, { fields: { offset, field } })
}
