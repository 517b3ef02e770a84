import { archiveError } from './archive-error.ts'

/** What an extended header says about the next entry; undefined where it says nothing. */
export interface PaxFields {
  readonly path: Uint8Array | undefined
  readonly linkPath: Uint8Array | undefined
  readonly size: number | undefined
  /** Every record by its keyword, those above included. */
  readonly records: ReadonlyMap<string, Uint8Array>
}

/** Keyword before the name of an extended attribute, as star, GNU tar and libarchive write it. */
export const XATTR_KEYWORD = 'SCHILY.xattr.'

/** Keywords of POSIX that describe what a tree does not keep. */
const KNOWN = new Set(['atime', 'ctime', 'mtime', 'uid', 'gid', 'uname', 'gname', 'comment'])
/** Vendor keywords that change what the content is; all others with a capital letter only describe it. */
const REFUSED = /^(GNU\.|SCHILY\.(realsize|filetype|offset|volhdr)|SUN\.holesdata|LIBARCHIVE\.(sparse|holes))/
const NEWLINE = 0x0a

/** Writes records `<length> <keyword>=<value>\n`; the length counts the bytes of the whole record, itself included. */
export function encodePax(records: Iterable<readonly [keyword: string, value: string | Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [keyword, value] of records) {
    const bytes = Buffer.from(value)
    const rest = Buffer.byteLength(keyword) + bytes.length + 3
    let length = rest + 1
    while (String(length).length + rest !== length) length++
    parts.push(Buffer.from(`${length} ${keyword}=`), bytes, Buffer.of(NEWLINE))
  }
  return Buffer.concat(parts)
}

/**
 * Reads the records of a pax header, POSIX.1-2024 `pax`, "pax Extended Header".
 * A header for the whole archive (`isGlobal`) must not set name, link, size or an extended attribute.
 * Throws `E_ARCHIVE` on any record that is malformed, repeated, unknown or about sparse files.
 */
export function decodePax(bytes: Uint8Array, isGlobal: boolean, offset: number): PaxFields {
  const records = new Map<string, Uint8Array>()
  for (let at = 0; at < bytes.length; ) {
    const length = recordLength(bytes, at, offset)
    const record = bytes.subarray(at, at + length)
    const key = Buffer.from(record.subarray(record.indexOf(0x20) + 1, record.indexOf(0x3d))).toString()
    if (!/^[\x21-\x7e]+$/.test(key) && !key.startsWith(XATTR_KEYWORD)) {
      throw malformed('a keyword is not printable ASCII', offset)
    }
    if (records.has(key)) throw malformed(`${key} is stated twice`, offset)
    const value = record.subarray(record.indexOf(0x3d) + 1, length - 1)
    checkKey(key, value, isGlobal, offset)
    records.set(key, value)
    at += length
  }
  return {
    path: records.get('path'),
    linkPath: records.get('linkpath'),
    size: sizeValue(records.get('size'), offset),
    records,
  }
}

function recordLength(bytes: Uint8Array, at: number, offset: number): number {
  const head = Buffer.from(bytes.subarray(at, at + 20)).toString('latin1')
  const digits = /^([1-9][0-9]{0,14}) /.exec(head)?.[1]
  if (digits === undefined) throw malformed('a record does not start with its length', offset)
  const length = Number(digits)
  const equals = bytes.indexOf(0x3d, at)
  if (at + length > bytes.length || bytes[at + length - 1] !== NEWLINE) {
    throw malformed('the length of a record is wrong', offset)
  }
  if (equals < 0 || equals >= at + length - 1) throw malformed('a record has no keyword', offset)
  return length
}

function checkKey(key: string, value: Uint8Array, isGlobal: boolean, offset: number): void {
  if (KNOWN.has(key)) return
  if (key === 'path' || key === 'linkpath' || key === 'size') {
    if (isGlobal) throw malformed(`${key} is stated for all entries`, offset)
    if (value.length === 0) throw malformed(`${key} is empty`, offset)
    if (value.includes(0)) throw malformed(`${key} has a NUL`, offset)
    return
  }
  if (key === 'hdrcharset') {
    if (Buffer.from(value).toString('latin1') === 'ISO-IR 10646 2000 UTF-8') return
    throw malformed('its names are not in UTF-8', offset)
  }
  if (isGlobal && key.startsWith(XATTR_KEYWORD)) throw malformed(`${key} is stated for all entries`, offset)
  if (REFUSED.test(key)) throw malformed(`${key} (sparse, split or incremental) is not read`, offset)
  if (!/^[A-Z]/.test(key)) throw malformed(`the keyword ${JSON.stringify(key)} is unknown`, offset)
}

function sizeValue(value: Uint8Array | undefined, offset: number): number | undefined {
  if (value === undefined) return undefined
  const digits = Buffer.from(value).toString('latin1')
  if (!/^(0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(Number(digits))) {
    throw malformed('the size is not a number', offset)
  }
  return Number(digits)
}

function malformed(what: string, offset: number): Error {
  return archiveError('E_ARCHIVE', `has a bad pax header at ${offset}: ${what}`, { fields: { offset } })
}
