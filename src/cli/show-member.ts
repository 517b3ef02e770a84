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

/** A name that cannot move the cursor: control characters and backslashes as `\ooo`, bytes in octal. */
export function escapeName(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  )
}

function columns(mode: string, owner: string, size: string, time: string, path: string): string {
  return `${mode.padEnd(10)} ${owner.padEnd(9)} ${size.padStart(11)} ${time.padEnd(16)} ${path}`
}

/** As ls(1) writes it: `rwsr-xr-t`. */
function modeText(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, at) => (((mode >> (8 - at)) & 1) === 1 ? letter : '-'))
  const special = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const
  for (const [bit, at, letter] of special) {
    if ((mode & bit) !== 0) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase()
  }
  return letters.join('')
}

/** `2025-01-01 00:00`; the seconds themselves where no calendar has them. */
function timeText(seconds: number): string {
  const date = new Date(seconds * 1000)
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString()
  return /^\d{4}-/.test(text) ? text.slice(0, 16).replace('T', ' ') : String(seconds)
}
