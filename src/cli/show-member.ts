import type { ImageMember } from '../model/image-reader.ts'

const KIND_LETTERS = { directory: 'd', file: '-', symlink: 'l', fifo: 'p', socket: 's', hardlink: 'h' } as const

/** One entry of an image in columns: mode, owner and group, size or device numbers, time in UTC, path. */
export function memberLine(member: ImageMember): string {
  const name = escapeName(member.path === '' ? '.' : member.path)
  if (member.kind === 'hardlink') return columns('h', '', '', '', `${name} link to ${escapeName(member.target)}`)
  const letter = member.kind === 'device' ? (member.type === 'char' ? 'c' : 'b') : KIND_LETTERS[member.kind]
  const size =
    member.kind === 'file' ? String(member.size) : member.kind === 'device' ? `${member.major},${member.minor}` : ''
  const path = member.kind === 'symlink' ? `${name} -> ${escapeName(member.target)}` : name
  return columns(letter + modeText(member.mode), `${member.uid}/${member.gid}`, size, timeText(member.mtime), path)
}

/** One entry of an image for a program. */
export function memberDocument(member: ImageMember): object {
  const { kind, path } = member
  if (member.kind === 'hardlink') return { path, kind, target: member.target }
  const { mode, uid, gid, mtime, xattrs } = member
  return {
    path,
    kind,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    mtime,
    ...(member.kind === 'file' && { size: member.size }),
    ...(member.kind === 'symlink' && { target: member.target }),
    ...(member.kind === 'device' && { type: member.type, major: member.major, minor: member.minor }),
    ...(xattrs.length > 0 && {
      xattrs: Object.fromEntries(xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('base64')])),
    }),
  }
}

/** Names that are safe at a glance, as nearly all are. */
const PLAIN = /^[ -[\]-~]*$/

/** A name that cannot move the cursor: control characters and backslashes as `\ooo`, bytes in octal. */
export function escapeName(name: string): string {
  if (PLAIN.test(name)) return name
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  )
}

function columns(mode: string, owner: string, size: string, time: string, path: string): string {
  return `${mode.padEnd(10)} ${owner.padEnd(9)} ${size.padStart(11)} ${time.padEnd(16)} ${path}`
}

const TRIPLES = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx'] as const

/** As ls(1) writes it: `rwsr-xr-t`. */
function modeText(mode: number): string {
  return (
    tripleText(mode >> 6, (mode & 0o4000) !== 0, 's') +
    tripleText(mode >> 3, (mode & 0o2000) !== 0, 's') +
    tripleText(mode, (mode & 0o1000) !== 0, 't')
  )
}

function tripleText(bits: number, isSpecial: boolean, letter: 's' | 't'): string {
  const text = TRIPLES[bits & 7] as string
  return isSpecial ? text.slice(0, 2) + ((bits & 1) === 1 ? letter : letter.toUpperCase()) : text
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
/** The first and last second whose year has four digits. */
const FIRST_SECOND = -62_167_219_200
const LAST_SECOND = 253_402_300_799

/** `2025-01-01 00:00`; the seconds themselves where the year has not four digits. */
function timeText(seconds: number): string {
  if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND)) return String(seconds)
  const date = new Date(seconds * 1000)
  const year = String(date.getUTCFullYear()).padStart(4, '0')
  const day = `${year}-${TWO_DIGITS[date.getUTCMonth() + 1]}-${TWO_DIGITS[date.getUTCDate()]}`
  return `${day} ${TWO_DIGITS[date.getUTCHours()]}:${TWO_DIGITS[date.getUTCMinutes()]}`
}
