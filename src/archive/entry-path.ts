import { isUtf8 } from 'node:buffer'
import { archiveError } from './archive-error.ts'
import type { ArchiveLimits } from './limits.ts'

const MAX_NAME_BYTES = 255
const MAX_TARGET_BYTES = 4095

/** Decodes a name of an archive; throws `E_ARCHIVE` when it is empty, holds a NUL or is not UTF-8. */
export function decodeName(bytes: Uint8Array, offset: number): string {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shown = name.toString('utf8')
  const at = { fields: { offset } }
  if (bytes.length === 0) throw archiveError('E_ARCHIVE', `has an entry without a name at ${offset}`, at)
  if (!isUtf8(bytes)) throw archiveError('E_ARCHIVE', 'is not a name in UTF-8', { entry: shown, ...at })
  if (bytes.includes(0)) throw archiveError('E_ARCHIVE', 'has a NUL in its name', { entry: shown, ...at })
  return shown
}

/**
 * The path of an entry from the root of its archive, without leading `./` and trailing `/`; '' is the root itself.
 * Throws `E_ARCHIVE_PATH` for absolute paths, `..`, empty segments, `.` but at the front, and backslashes;
 * `E_ARCHIVE_LIMIT` when it is too long or too deep.
 */
export function entryPath(name: string, limits: ArchiveLimits): string {
  if (name.includes('\\')) throw archiveError('E_ARCHIVE_PATH', 'has a backslash in its path', { entry: name })
  return imagePath(name, limits)
}

/** Like {@link entryPath} for an image, whose names may have backslashes: systemd names units with them. */
export function imagePath(name: string, limits: ArchiveLimits): string {
  if (name.startsWith('/')) throw archiveError('E_ARCHIVE_PATH', 'is an absolute path', { entry: name })
  if (isLonger(name, 0, name.length, limits.pathBytes)) {
    const fields = { limit: 'pathBytes' }
    throw archiveError('E_ARCHIVE_LIMIT', `has a path of more than ${limits.pathBytes} bytes`, { entry: name, fields })
  }
  const start = name === '.' ? 1 : name.startsWith('./') ? 2 : 0
  const end = name.length > start && name.endsWith('/') ? name.length - 1 : name.length
  if (start === end) return ''
  checkSegments(name, start, end, limits)
  return name.slice(start, end)
}

/** Without taking the path apart: an archive may have millions of them. */
function checkSegments(name: string, start: number, end: number, limits: ArchiveLimits): void {
  let depth = 0
  for (let from = start, to = from; from <= end; from = to + 1) {
    to = name.indexOf('/', from)
    if (to < 0 || to > end) to = end
    depth++
    const length = to - from
    if (length === 2 && name.startsWith('..', from)) {
      throw archiveError('E_ARCHIVE_PATH', 'leaves the target folder with ".."', { entry: name })
    }
    if (length === 0 || (length === 1 && name[from] === '.')) {
      const segment = name.slice(from, to)
      throw archiveError('E_ARCHIVE_PATH', `has the segment "${segment}" in its path`, { entry: name })
    }
    if (isLonger(name, from, to, MAX_NAME_BYTES)) {
      const fields = { limit: 'pathBytes' }
      throw archiveError('E_ARCHIVE_LIMIT', `has a name of more than ${MAX_NAME_BYTES} bytes`, { entry: name, fields })
    }
  }
  if (depth > limits.depth) {
    const fields = { limit: 'depth' }
    throw archiveError('E_ARCHIVE_LIMIT', `is more than ${limits.depth} folders deep`, { entry: name, fields })
  }
}

/** Whether that part of a text has more than `bytes` bytes; a UTF-16 unit has at most three. */
function isLonger(text: string, from: number, to: number, bytes: number): boolean {
  return (to - from) * 3 > bytes && Buffer.byteLength(text.slice(from, to)) > bytes
}

/** Drops leading segments; undefined when nothing is left. */
export function stripPath(path: string, strip: number): string | undefined {
  if (strip === 0) return path
  const rest = path.split('/').slice(strip).join('/')
  return rest === '' ? undefined : rest
}

/**
 * Checks a symbolic link's target by its text; {@link checkSymlinks} follows it once the whole tree is known.
 * `path` is where the link stands below the root. Throws `E_ARCHIVE_PATH` for absolute targets and those above the root.
 */
export function checkTarget(path: string, target: string): void {
  if (target.startsWith('/')) {
    throw archiveError('E_ARCHIVE_PATH', `is a link to the absolute path ${JSON.stringify(target)}`, { entry: path })
  }
  if (Buffer.byteLength(target) > MAX_TARGET_BYTES) {
    const fields = { limit: 'pathBytes' }
    throw archiveError('E_ARCHIVE_LIMIT', `is a link of more than ${MAX_TARGET_BYTES} bytes`, { entry: path, fields })
  }
  let depth = path.split('/').length - 1
  for (const segment of target.split('/')) {
    if (segment === '..') depth--
    else if (segment !== '' && segment !== '.') depth++
    if (depth < 0) throw leaves(path, target)
  }
}

/**
 * Follows every symbolic link of a tree through all others, as the kernel would. The text alone does not tell:
 * with `a/b/up -> ..`, the link `a/b/up/../..` stays inside by its text and leaves by its way.
 * Links to nothing and circles are let through. Throws `E_ARCHIVE_PATH`.
 */
export function checkSymlinks(symlinks: ReadonlyMap<string, string>): void {
  for (const [path, target] of symlinks) {
    const at = path.split('/').slice(0, -1)
    const todo = target.split('/').reverse()
    for (let hops = 0; todo.length > 0 && hops < 40; ) {
      const segment = todo.pop() as string
      if (segment === '' || segment === '.') continue
      if (segment === '..') {
        if (at.pop() === undefined) throw leaves(path, target)
        continue
      }
      const next = symlinks.get([...at, segment].join('/'))
      if (next === undefined) at.push(segment)
      else {
        hops++
        todo.push(...next.split('/').reverse())
      }
    }
  }
}

function leaves(path: string, target: string): Error {
  return archiveError('E_ARCHIVE_PATH', `is a link out of the target folder: ${JSON.stringify(target)}`, {
    entry: path,
    fields: { target },
  })
}
