import { archiveError } from './archive-error.ts'

/** Bytes of a header, without the name that follows. */
export const CPIO_HEADER_BYTES: number = 110
/** Name of the entry that ends an archive. */
export const TRAILER = 'TRAILER!!!'

/** The fields of one header in their order; all are 0 to 2^32 - 1. */
export interface CpioHeader {
  readonly ino: number
  /** Kind and permission bits as in stat(2). */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly links: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Bytes of content that follow the name. */
  readonly size: number
  /** Device that the inode number belongs to. */
  readonly devMajor: number
  readonly devMinor: number
  /** Numbers of the device that the entry is. */
  readonly major: number
  readonly minor: number
  /** Bytes of the name with its NUL. */
  readonly nameSize: number
  /** Sum of all bytes of content; 0 in an archive without checksums. */
  readonly checksum: number
}

const FIELDS = [
  'ino',
  'mode',
  'uid',
  'gid',
  'links',
  'mtime',
  'size',
  'devMajor',
  'devMinor',
  'major',
  'minor',
  'nameSize',
  'checksum',
] as const satisfies readonly (keyof CpioHeader)[]

const NEWC = '070701'
const CRC = '070702'
const ODC = '070707'
const DIGITS = 8

/** File kinds of stat(2), as they stand in a mode. */
export const KIND_BITS = {
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  char: 0o020000,
  fifo: 0o010000,
} as const

/** True for the first bytes of an archive in the "new ASCII" form, with or without checksums. */
export function looksLikeCpio(head: Uint8Array): boolean {
  const magic = latin1(head.subarray(0, NEWC.length))
  return magic === NEWC || magic === CRC
}

/** Writes a header of the form without checksums, cpio(5) "New ASCII Format". */
export function encodeCpioHeader(header: CpioHeader): Uint8Array {
  let text = NEWC
  for (const field of FIELDS) text += header[field].toString(16).padStart(DIGITS, '0')
  return Buffer.from(text.toUpperCase(), 'latin1')
}

/** Reads a header and whether its checksum counts. Throws `E_ARCHIVE` on another form and on what is not hexadecimal. */
export function decodeCpioHeader(
  bytes: Uint8Array,
  offset: number,
): { readonly header: CpioHeader; readonly hasChecksum: boolean } {
  const magic = latin1(bytes.subarray(0, NEWC.length))
  if (magic !== NEWC && magic !== CRC) {
    const what = magic === ODC ? 'is a cpio archive in the old octal form' : 'has no cpio header'
    throw archiveError('E_ARCHIVE', `${what} at ${offset}`, { fields: { offset } })
  }
  const header: { -readonly [field in keyof CpioHeader]?: number } = {}
  let at = NEWC.length
  for (const field of FIELDS) {
    header[field] = hexadecimal(bytes, at, field, offset)
    at += DIGITS
  }
  return { header: header as CpioHeader, hasChecksum: magic === CRC }
}

function hexadecimal(bytes: Uint8Array, start: number, field: string, offset: number): number {
  let value = 0
  for (let at = start; at < start + DIGITS; at++) {
    const byte = bytes[at] as number
    // Bit 5 is what upper and lower case differ by.
    const letter = byte | 0x20
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (!isDigit && (letter < 0x61 || letter > 0x66)) {
      throw archiveError('E_ARCHIVE', `has a ${field} that is not hexadecimal at ${offset}`, {
        fields: { offset, field },
      })
    }
    value = value * 16 + (isDigit ? byte - 0x30 : letter - 0x61 + 10)
  }
  return value
}

/** Bytes from the end of something of `size` bytes to the next multiple of four. */
export function cpioPadding(size: number): number {
  return (4 - (size % 4)) % 4
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
