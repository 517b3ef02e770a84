import { type BigIntStats, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { unpackDevice } from '../model/device-number.ts'
import { makeDigest } from '../model/digest.ts'
import type { BlobReader, Image, ImageEntry, Inode, Xattr } from '../model/image.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { globMatcher } from '../util/glob.ts'
import { interrupted, sourceError } from './file-error.ts'
import { type FileHash, hashFile } from './file-hash.ts'
import { changed, FolderBlobs } from './folder-blobs.ts'
import { HashPool } from './hash-pool.ts'
import { KeptFiles } from './kept-files.ts'
import { type FolderXattrs, readXattrs } from './xattr-dump.ts'

/** How a folder becomes an image. */
export interface ScanOptions {
  /** The one time of all entries, in seconds since 1970. */
  readonly epoch: number
  /** Owner of every entry; 'keep' is whoever owns it on disk. */
  readonly uid: number | 'keep'
  /** Group of every entry; 'keep' is the one it has on disk. */
  readonly gid: number | 'keep'
  /** Globs of paths that are left out, folders with all that is in them; `src/util/glob.ts` has the rules. */
  readonly exclude: readonly string[]
  /** Globs of the names of extended attributes that are kept. Any at all needs the program `getfattr`. */
  readonly xattrs: readonly string[]
  /** Threads that hash large files, at least 1. */
  readonly threads: number
  readonly signal: AbortSignal
  /** Told now and then how much has been found. */
  readonly onProgress: (found: { readonly entries: number; readonly bytes: number }) => void
}

/** A folder as an image, whose files are read again from disk when it is written. */
export interface ScannedFolder {
  readonly image: Image
  readonly blobs: BlobReader
  /** What the image does not say of the folder, in sentences. */
  readonly warnings: readonly string[]
}

/** What holds where a caller has no wish: everything, as it is, at the time 0. */
export const SCAN_DEFAULTS: ScanOptions = {
  epoch: 0,
  uid: 'keep',
  gid: 'keep',
  exclude: [],
  xattrs: [],
  threads: 2,
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/** Files from here on are hashed on other threads. */
const LARGE = 2 ** 22
/** The event loop turns after so many entries or bytes, for signals and progress. */
const TURN_ENTRIES = 256
const TURN_BYTES = 2 ** 23
const NO_XATTRS: readonly Xattr[] = []

/**
 * Reads a folder into an image and hashes its files. `folder` itself may be a symbolic link; below it none is followed.
 * Second names of one inode become hard links of the first.
 * Throws `E_SOURCE` for what cannot be read or has a name that is not UTF-8, `E_SOURCE_CHANGED` when a file changes
 * meanwhile, `E_USAGE` for a bad glob, `E_INTERRUPTED` when aborted.
 */
export async function scanFolder(folder: string, options: ScanOptions): Promise<ScannedFolder> {
  const pool = new HashPool(options.threads)
  try {
    const scan = new Scan(folder, options, pool, await wantedXattrs(folder, options))
    return await scan.run()
  } finally {
    await pool.close()
  }
}

async function wantedXattrs(folder: string, { xattrs }: ScanOptions): Promise<FolderXattrs> {
  if (xattrs.length === 0) return { byPath: new Map(), others: [] }
  return readXattrs(folder, matcher(xattrs))
}

class Scan {
  readonly #folder: string
  readonly #options: ScanOptions
  readonly #pool: HashPool
  readonly #xattrs: FolderXattrs
  readonly #isExcluded: (path: string) => boolean
  readonly #entries: ImageEntry[] = []
  readonly #kept = new KeptFiles()
  readonly #blobs: FolderBlobs
  /** First path of every inode that has several, by device and inode number. */
  readonly #linked = new Map<string, string>()
  readonly #hashing: Promise<void>[] = []
  readonly #buffer = Buffer.allocUnsafeSlow(LARGE)
  #bytes = 0
  #turnAt = { entries: TURN_ENTRIES, bytes: TURN_BYTES }

  constructor(folder: string, options: ScanOptions, pool: HashPool, xattrs: FolderXattrs) {
    this.#folder = folder
    this.#blobs = new FolderBlobs(folder, this.#kept)
    this.#options = options
    this.#pool = pool
    this.#xattrs = xattrs
    this.#isExcluded = matcher(options.exclude)
  }

  async run(): Promise<ScannedFolder> {
    const root = this.#ask(this.#folder, () => statSync(this.#folder))
    if (!root.isDirectory()) {
      throw new MrrlError('E_SOURCE', `${this.#folder} is not a folder`, { fields: { path: this.#folder } })
    }
    this.#entries.push({ kind: 'directory', ...this.#owned('', root) })
    // Names still to be visited, level by level and last first: a folder comes directly before what is in it.
    const levels = [this.#pathsIn('')]
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const path = level.pop()
      if (path === undefined) levels.pop()
      else if (!this.#isExcluded(path) && this.#add(path)) levels.push(this.#pathsIn(path))
      if (this.#entries.length >= this.#turnAt.entries || this.#bytes >= this.#turnAt.bytes) await this.#turn()
    }
    await Promise.all(this.#hashing)
    const lists = this.#xattrs.others.map((path) => `/${path} has an access control list, which images do not hold`)
    return { image: { entries: this.#entries, epoch: this.#options.epoch }, blobs: this.#blobs, warnings: lists }
  }

  /** Adds the entry of a path; true for a folder, whose content is to follow. */
  #add(path: string): boolean {
    const full = this.#full(path)
    const stat = this.#ask(full, () => lstatSync(full))
    const owned = this.#owned(path, stat)
    if (stat.isDirectory()) {
      this.#entries.push({ kind: 'directory', ...owned })
      return true
    }
    const first = stat.nlink > 1 ? this.#firstName(path, full) : path
    if (first !== path) this.#entries.push({ kind: 'hardlink', path, target: first })
    else if (stat.isFile()) this.#addFile(full, stat.size, owned)
    else this.#entries.push(this.#special(full, stat, owned))
    return false
  }

  #special(full: string, stat: Stats, owned: Owned): Inode {
    if (stat.isSymbolicLink()) return { kind: 'symlink', ...owned, target: this.#target(full) }
    if (stat.isFIFO()) return { kind: 'fifo', ...owned }
    if (stat.isSocket()) return { kind: 'socket', ...owned }
    const type = stat.isCharacterDevice() ? 'char' : 'block'
    return { kind: 'device', ...owned, type, ...unpackDevice(stat.rdev) }
  }

  #addFile(full: string, size: number, owned: Owned): void {
    const at = this.#entries.length
    const set = (hash: FileHash): void => {
      if (hash.size !== size) throw changed(full)
      const digest = makeDigest(hash.sha256, hash.size)
      this.#blobs.add(digest, owned.path, hash.crc32)
      this.#entries[at] = { kind: 'file', ...owned, digest }
    }
    this.#bytes += size
    if (size < LARGE) {
      set(this.#ask(full, () => hashFile(full, this.#buffer, (content) => this.#kept.hash(content))))
      return
    }
    // Keeps the place in the order until the hash is known.
    this.#entries.push({ kind: 'fifo', ...owned })
    const hashed = this.#pool.hash(full).then(set, (error) => {
      throw sourceError(full, error)
    })
    hashed.catch(() => undefined)
    this.#hashing.push(hashed)
  }

  #owned(path: string, { mode, uid, gid }: Stats): Owned {
    const { uid: setUid, gid: setGid } = this.#options
    return {
      path,
      mode: mode & 0o7777,
      uid: setUid === 'keep' ? uid : setUid,
      gid: setGid === 'keep' ? gid : setGid,
      xattrs: this.#xattrs.byPath.get(path) ?? NO_XATTRS,
    }
  }

  /** The first path with the same inode; its own when there was none. */
  #firstName(path: string, full: string): string {
    // Inode numbers may be larger than a double holds.
    const { dev, ino } = this.#ask(full, (): BigIntStats => lstatSync(full, { bigint: true }))
    const key = `${dev}:${ino}`
    const first = this.#linked.get(key)
    if (first === undefined) this.#linked.set(key, path)
    return first ?? path
  }

  /** Paths of all names in a folder, last first. */
  #pathsIn(path: string): string[] {
    const full = this.#full(path)
    const names = this.#ask(full, () => readdirSync(full))
    // What is not UTF-8 is shown with this character; but names may have it of their own.
    if (names.some((name) => name.includes('\ufffd'))) this.#refuseForeignNames(full)
    const prefix = path === '' ? '' : `${path}/`
    return names.sort((a, b) => compareBytes(b, a)).map((name) => prefix + name)
  }

  #refuseForeignNames(full: string): void {
    for (const raw of this.#ask(full, () => readdirSync(full, { encoding: 'buffer' }))) {
      if (!Buffer.from(raw.toString()).equals(raw)) throw notUtf8(`${full}/${raw.toString()}`, 'name')
    }
  }

  #target(full: string): string {
    const raw = this.#ask(full, () => readlinkSync(full, { encoding: 'buffer' }))
    const target = raw.toString()
    if (!Buffer.from(target).equals(raw)) throw notUtf8(full, 'target')
    return target
  }

  async #turn(): Promise<void> {
    this.#turnAt = { entries: this.#entries.length + TURN_ENTRIES, bytes: this.#bytes + TURN_BYTES }
    this.#options.onProgress({ entries: this.#entries.length, bytes: this.#bytes })
    await setImmediate()
    if (this.#options.signal.aborted) throw interrupted('packing')
  }

  #full(path: string): string {
    return path === '' ? this.#folder : `${this.#folder}/${path}`
  }

  #ask<T>(full: string, call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw sourceError(full, error)
    }
  }
}

type Owned = Pick<Inode, 'path' | 'mode' | 'uid' | 'gid' | 'xattrs'>

function matcher(globs: readonly string[]): (text: string) => boolean {
  try {
    return globMatcher(globs)
  } catch (error) {
    throw new MrrlError('E_USAGE', error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function notUtf8(path: string, what: string): MrrlError {
  return new MrrlError('E_SOURCE', `${path} has a ${what} that is not UTF-8`, { fields: { path } })
}
