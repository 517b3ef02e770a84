import { archiveError } from '../archive/archive-error.ts'
import type { Headers } from './side.ts'

const MAGIC = '!<arch>\n'
const HEADER_BYTES = 60
const END = '`\n'
/** Bytes of one name. */
const LONGEST_NAME = 4096

/** A member of an `ar` archive of any system, told by its place among those of the same name. */
export interface ArMember {
  /** `inflate.o`, `inflate.o#2` for the second one of that name. */
  readonly name: string
  /** Header fields as they are written. */
  readonly fields: Headers['fields']
  /** Where its header is, in bytes. */
  readonly offset: number
  readonly content: Uint8Array
}

/** An `ar` archive taken apart. */
export interface ArArchive {
  readonly members: readonly ArMember[]
  /** Symbols of the index and the name of the member that each is in, in the order of the index. */
  readonly index: readonly string[]
}

/**
 * Takes an `ar` archive apart: names of GNU and BSD, one of the same name after the other, the symbol index of GNU.
 * Laxer than the reader of sources, because nothing is unpacked. Throws `E_ARCHIVE` on damage.
 */
export function readArMembers(bytes: Buffer): ArArchive {
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw archiveError('E_ARCHIVE', 'is no ar archive')
  const members: ArMember[] = []
  const counts = new Map<string, number>()
  let longNames: Buffer = Buffer.alloc(0)
  let index: Buffer | undefined
  // Many members may have the same long name: what all of them take is bounded by the size of the archive.
  let nameBytes = 4 * bytes.length
  for (let offset = MAGIC.length; offset < bytes.length; ) {
    const header = readHeader(bytes, offset)
    const start = offset + HEADER_BYTES
    const end = start + header.size
    if (end > bytes.length) throw damaged('a member that is cut off', offset)
    const content = bytes.subarray(start, end)
    if (header.name === '//') longNames = content
    else if (header.name === '/') index = content
    else {
      const { name, rest } = memberName(header.name, content, longNames, offset)
      nameBytes -= name.length
      if (nameBytes < 0) throw damaged('too many long names', offset)
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      members.push({ name: count === 1 ? name : `${name}#${count}`, fields: header.fields, offset, content: rest })
    }
    offset = end + (end % 2)
  }
  return { members, index: index === undefined ? [] : readIndex(index, members) }
}

interface Header {
  readonly name: string
  readonly size: number
  readonly fields: Headers['fields']
}

function readHeader(bytes: Buffer, offset: number): Header {
  const text = bytes.toString('latin1', offset, offset + HEADER_BYTES)
  const field = (start: number, length: number): string => text.slice(start, start + length).trimEnd()
  const size = field(48, 10)
  if (text.length < HEADER_BYTES || text.slice(58) !== END || !/^\d+$/.test(size)) throw damaged('a bad header', offset)
  return {
    name: field(0, 16),
    size: Number(size),
    fields: [
      ['date', field(16, 12)],
      ['uid', field(28, 6)],
      ['gid', field(34, 6)],
      ['mode', field(40, 8)],
    ],
  }
}

/** GNU ends names with `/` and keeps long ones in a member of their own; BSD puts them before the content. */
function memberName(
  name: string,
  content: Buffer,
  longNames: Buffer,
  offset: number,
): { readonly name: string; readonly rest: Buffer } {
  const bsd = /^#1\/(\d+)$/.exec(name)?.[1]
  if (bsd !== undefined) {
    const length = Number(bsd)
    if (length > content.length || length > LONGEST_NAME) throw damaged('a bad name', offset)
    const end = content.indexOf(0)
    const shown = content.toString('utf8', 0, end >= 0 && end < length ? end : length)
    return { name: shown, rest: content.subarray(length) }
  }
  const gnu = /^\/(\d+)$/.exec(name)?.[1]
  if (gnu === undefined) return { name: name.replace(/(?<=.)\/$/, ''), rest: content }
  const start = Number(gnu)
  const end = longNames.indexOf('\n', start)
  if (end < 0 || end - start > LONGEST_NAME) throw damaged('a long name that is not there', offset)
  return { name: longNames.toString('utf8', start, end).replace(/\/$/, ''), rest: content }
}

/** A count, so many offsets of members, so many names; all big endian. */
function readIndex(index: Buffer, members: readonly ArMember[]): string[] {
  const count = index.length >= 4 ? index.readUInt32BE(0) : 0
  const start = 4 + count * 4
  if (start > index.length) throw damaged('a bad symbol index', MAGIC.length)
  const names = new Map(members.map(({ offset, name }) => [offset, name]))
  const symbols = index.toString('latin1', start).split('\0')
  return Array.from(
    { length: Math.min(count, symbols.length) },
    (_, at) => `${symbols[at]} in ${names.get(index.readUInt32BE(4 + at * 4)) ?? 'no member'}`,
  )
}

function damaged(what: string, offset: number): Error {
  return archiveError('E_ARCHIVE', `has ${what} at ${offset}`, { fields: { offset } })
}
