import { isUtf8 } from 'node:buffer'
import type { Xattr } from '../model/image.ts'
import { compareBytes } from '../util/compare.ts'
import { archiveError } from './archive-error.ts'
import { XATTR_KEYWORD } from './tar-pax.ts'

/** libarchive's own record: the name percent-encoded, the value in base64. bsdtar writes both. */
const LIBARCHIVE_KEYWORD = 'LIBARCHIVE.xattr.'
/** Access lists and SELinux labels as text, which has no exact form as an extended attribute. */
const TEXT_FORMS = /^(SCHILY\.acl\.|RHT\.security\.)/
/** XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux, in bytes. */
const MAX_NAME = 255
const MAX_SIZE = 2 ** 16

/** The pax keyword of an extended attribute. `=` ends a keyword, so GNU tar writes it as %3D, and % as %25. */
export function xattrKeyword(name: string): string {
  return XATTR_KEYWORD + name.replaceAll('%', '%25').replaceAll('=', '%3D')
}

/**
 * The extended attributes among pax records, in order. Throws `E_ARCHIVE` for names that no file can have, values that
 * are too large, two records that differ, and for access lists and labels in their text form.
 */
export function decodeXattrs(records: ReadonlyMap<string, Uint8Array>, entry: string): Xattr[] {
  const found = new Map<string, Uint8Array>()
  for (const [keyword, value] of records) {
    if (TEXT_FORMS.test(keyword)) throw archiveError('E_ARCHIVE', `has ${keyword}, which is not read`, { entry })
    const xattr = decodeXattr(keyword, value, entry)
    if (xattr === undefined) continue
    const other = found.get(xattr.name)
    if (other !== undefined && Buffer.compare(other, xattr.value) !== 0) {
      throw archiveError('E_ARCHIVE', `has two values of ${xattr.name}`, { entry })
    }
    found.set(xattr.name, xattr.value)
  }
  return [...found].map(([name, value]) => ({ name, value })).sort((a, b) => compareBytes(a.name, b.name))
}

function decodeXattr(keyword: string, value: Uint8Array, entry: string): Xattr | undefined {
  if (keyword.startsWith(XATTR_KEYWORD)) {
    // GNU tar decodes these two only; star and libarchive do not encode at all.
    const name = keyword.slice(XATTR_KEYWORD.length).replace(/%3D|%25/g, (code) => (code === '%3D' ? '=' : '%'))
    return checked({ name, value }, entry)
  }
  if (!keyword.startsWith(LIBARCHIVE_KEYWORD)) return undefined
  const encoded = keyword.slice(LIBARCHIVE_KEYWORD.length)
  const name = Buffer.from(
    encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  const text = Buffer.from(value).toString('latin1')
  if (!isUtf8(name) || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw archiveError('E_ARCHIVE', `has a malformed ${LIBARCHIVE_KEYWORD}`, { entry })
  }
  return checked({ name: name.toString(), value: Buffer.from(text, 'base64') }, entry)
}

function checked(xattr: Xattr, entry: string): Xattr {
  const { name, value } = xattr
  const hasBadName =
    !/^(?:user|trusted|security)\../s.test(name) ||
    name.includes('\0') ||
    name.includes('\ufffd') ||
    Buffer.byteLength(name) > MAX_NAME
  if (hasBadName) throw archiveError('E_ARCHIVE', `has the extended attribute ${JSON.stringify(name)}`, { entry })
  if (value.length > MAX_SIZE) throw archiveError('E_ARCHIVE', `has more than ${MAX_SIZE} bytes in ${name}`, { entry })
  return xattr
}
