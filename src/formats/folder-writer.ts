import { execFile } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { ImageMember } from '../model/image-reader.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { isZero } from '../util/zeros.ts'
import { targetError } from './file-error.ts'

/** What of an image may be made on disk. */
export interface FolderRules {
  /** Give every entry its owner and keep set-id bits; needs root. Otherwise all belongs to the caller. */
  readonly owners: boolean
  /** Make devices; needs root. Otherwise they are left out. */
  readonly devices: boolean
}

type Member<K extends ImageMember['kind']> = Extract<ImageMember, { readonly kind: K }>
type Inode = Exclude<ImageMember, { readonly kind: 'hardlink' }>

const SET_ID_BITS = 0o6000
const ROOT_MODE = 0o755
/** Files up to this many bytes are collected and written at once. */
const WHOLE_FILE = 2 ** 20
/** Shorter runs of zeros are written: a hole takes whole pages. */
const SHORTEST_HOLE = 4096

/**
 * Makes members of an image in one new folder, and nothing anywhere else: what is not below a folder that this object
 * has made is refused, files are created with O_EXCL, and no link is followed. Sockets are left out, extended
 * attributes are not set.
 *
 * The calls of the file system are synchronous: for small files the way through the thread pool costs several times
 * the call itself.
 */
export class FolderWriter {
  readonly #root: string
  readonly #rules: FolderRules
  readonly #folders = new Map<string, Member<'directory'> | undefined>([['', undefined]])
  readonly #skipped = new Set<string>()
  readonly #counts = new Map<string, number>()

  /** Makes the folder `root`, open to nobody else until the image's own mode is set. */
  constructor(root: string, rules: FolderRules) {
    this.#root = root
    this.#rules = rules
    mkdirSync(root, { mode: 0o700 })
  }

  /** What was left out, in sentences. */
  get warnings(): string[] {
    return [...this.#counts].map(([what, count]) => `${count} ${what}`)
  }

  /** Makes one member; throws `E_ARCHIVE` or `E_ARCHIVE_PATH` for one that is damaged or out of place, `E_TARGET`. */
  async add(member: ImageMember): Promise<void> {
    if (member.path === '' && member.kind === 'directory') {
      this.#folders.set('', member)
      return
    }
    this.#checkPlace(member.path)
    const path = `${this.#root}/${member.path}`
    try {
      if (member.kind !== 'hardlink' && member.xattrs.length > 0) this.#count('with extended attributes, not set')
      if (member.kind === 'hardlink') this.#link(path, member)
      else if (member.kind === 'directory') this.#makeFolder(path, member)
      else if (member.kind === 'file') await this.#makeFile(path, member)
      else if (member.kind === 'symlink') this.#makeSymlink(path, member)
      else await this.#makeSpecial(path, member)
    } catch (error) {
      if (isErrno(error, 'EEXIST')) throw outOfPlace('E_ARCHIVE', member.path, 'is there twice', error)
      throw targetError(path, error)
    }
  }

  /**
   * Gives folders their owners, modes and times, deepest first, because a folder may close itself to its owner.
   * @param at where the folder is now
   * @param isMeant chooses by path; '' is the folder itself
   */
  finishFolders(at: string, isMeant: (path: string) => boolean): void {
    for (const [path, folder] of [...this.#folders].reverse()) {
      if (!isMeant(path)) continue
      const full = path === '' ? at : `${at}/${path}`
      try {
        if (folder === undefined) chmodSync(full, ROOT_MODE)
        else this.#setAttributes(full, folder)
      } catch (error) {
        throw targetError(full, error)
      }
    }
  }

  #checkPlace(path: string): void {
    const end = path.lastIndexOf('/')
    const name = path.slice(end + 1)
    if (name === '' || name === '.' || name === '..' || path.includes('\0')) {
      throw outOfPlace('E_ARCHIVE_PATH', path, 'has an impossible name')
    }
    const parent = path.slice(0, Math.max(end, 0))
    if (end === 0 || !this.#folders.has(parent)) {
      throw outOfPlace('E_ARCHIVE_PATH', path, `lies below ${parent}, which is no folder of the image`)
    }
  }

  #makeFolder(path: string, member: Member<'directory'>): void {
    mkdirSync(path, { mode: 0o700 })
    this.#folders.set(member.path, member)
  }

  async #makeFile(path: string, member: Member<'file'>): Promise<void> {
    // Small ones are complete in memory first, so that no file is open while others are read.
    const whole = member.size <= WHOLE_FILE ? await collect(member) : undefined
    const file = openSync(path, 'wx', 0o600)
    try {
      if (whole !== undefined) for (const piece of whole) writeWhole(file, piece)
      else await writePieces(file, member)
      if (this.#rules.owners) fchownSync(file, member.uid, member.gid)
      // After the owner, whose change takes the set-id bits away.
      fchmodSync(file, this.#modeOf(member))
      futimesSync(file, timeOf(member), timeOf(member))
    } finally {
      closeSync(file)
    }
  }

  #makeSymlink(path: string, member: Member<'symlink'>): void {
    symlinkSync(member.target, path)
    this.#setAttributes(path, member)
  }

  async #makeSpecial(path: string, member: Member<'device' | 'fifo' | 'socket'>): Promise<void> {
    if (member.kind === 'socket') return this.#skip(member.path, 'sockets, left out')
    if (member.kind === 'device' && !this.#rules.devices) return this.#skip(member.path, 'devices, left out')
    const type = member.kind === 'fifo' ? ['p'] : [member.type === 'char' ? 'c' : 'b']
    const numbers = member.kind === 'fifo' ? [] : [String(member.major), String(member.minor)]
    await makeNode([path, ...type, ...numbers])
    this.#setAttributes(path, member)
  }

  #link(path: string, { path: name, target }: Member<'hardlink'>): void {
    if (this.#skipped.has(target)) {
      this.#skip(name, 'links to what was left out')
      return
    }
    this.#checkPlace(target)
    try {
      linkSync(`${this.#root}/${target}`, path)
    } catch (error) {
      // ENOENT: no earlier entry; EPERM: a folder.
      if (!isErrno(error, 'ENOENT', 'EPERM')) throw error
      throw outOfPlace('E_ARCHIVE_PATH', name, `is a hard link to ${target}, which is no earlier file`, error)
    }
  }

  #skip(path: string, what: string): void {
    this.#skipped.add(path)
    this.#count(what)
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  #setAttributes(path: string, member: Inode): void {
    if (this.#rules.owners) lchownSync(path, member.uid, member.gid)
    if (member.kind !== 'symlink') chmodSync(path, this.#modeOf(member))
    lutimesSync(path, timeOf(member), timeOf(member))
  }

  /** Without their owner, set-id bits would lend out the identity of whoever unpacks. */
  #modeOf({ mode }: Inode): number {
    return this.#rules.owners ? mode : mode & ~SET_ID_BITS
  }
}

/** Node takes a negative number for now, but not the same number as text. */
function timeOf({ mtime }: Inode): number | string {
  return mtime < 0 ? String(mtime) : mtime
}

async function collect(member: Member<'file'>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of member.content()) {
    size += piece.length
    checkSize(member, size, false)
    pieces.push(piece)
  }
  checkSize(member, size, true)
  return pieces
}

/** Writes a large file; runs of zeros become holes. */
async function writePieces(file: number, member: Member<'file'>): Promise<void> {
  ftruncateSync(file, member.size)
  let size = 0
  for await (const piece of member.content()) {
    checkSize(member, size + piece.length, false)
    if (piece.length < SHORTEST_HOLE || !isZero(piece)) {
      for (let done = 0; done < piece.length; ) {
        done += (await promisify(write)(file, piece, done, piece.length - done, size + done)).bytesWritten
      }
    }
    size += piece.length
  }
  checkSize(member, size, true)
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}

function checkSize({ path, size }: Member<'file'>, found: number, isEnd: boolean): void {
  if (found > size || (isEnd && found < size))
    throw outOfPlace('E_ARCHIVE', path, `has not the ${size} bytes it states`)
}

/** Node has no mknod. */
async function makeNode(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('mknod', ['--', ...args])
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new MrrlError('E_TARGET', said || 'mknod cannot be run', { fields: { path: args[0] ?? '' }, cause: error })
  }
}

function outOfPlace(code: 'E_ARCHIVE' | 'E_ARCHIVE_PATH', path: string, what: string, cause?: unknown): MrrlError {
  return new MrrlError(code, `${JSON.stringify(path)} ${what}`, { fields: { entry: path }, cause })
}
