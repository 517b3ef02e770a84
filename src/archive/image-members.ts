import { type DeviceNumbers, isDeviceNumber } from '../model/device-number.ts'
import type { ImageMember } from '../model/image-reader.ts'
import { archiveError } from './archive-error.ts'
import { type ArchiveLimits, Budget } from './limits.ts'

/** What stands at a path: a folder that was listed, one that only has entries below it, or what nothing can be below. */
type Place = 'directory' | 'implied' | 'symlink' | 'other'

/** The mode of a folder that an archive leaves out. */
const IMPLIED_MODE = 0o755
/** PATH_MAX - 1 of Linux, in bytes. */
const MAX_TARGET = 4095

/** Turns entries of an archive, in its order, into members that keep the rules of an image. */
export class ImageMembers {
  readonly #places = new Map<string, Place>()
  readonly #links = new Map<string, string>()
  readonly #budget: Budget
  /** Folder of the last entry, which is most often that of the next. */
  #folder: string | undefined

  constructor(limits: ArchiveLimits) {
    this.#budget = new Budget(limits)
  }

  /**
   * Takes a path and returns the folders above it that were not listed, which come before it. Throws `E_ARCHIVE` when
   * the path is taken, below a file, or a folder behind what is in it, and `E_ARCHIVE_PATH` when it is below a link.
   */
  place(path: string, kind: ImageMember['kind'], size: number): readonly ImageMember[] {
    this.#budget.entry(size)
    const taken = this.#places.get(path)
    if (taken === 'implied') {
      throw archiveError('E_ARCHIVE', 'is a folder behind what is in it', { entry: shown(path) })
    }
    if (taken !== undefined) throw archiveError('E_ARCHIVE', 'is there twice', { entry: shown(path) })
    if (path === '' && kind !== 'directory')
      throw archiveError('E_ARCHIVE', 'is the root but no folder', { entry: '.' })
    const implied = path === '' ? NONE : this.#imply(path)
    this.#places.set(path, kind === 'directory' || kind === 'symlink' ? kind : 'other')
    return implied
  }

  /** Takes the target of a hard link and returns the first name of that file. Throws `E_ARCHIVE_PATH`. */
  link(path: string, target: string): string {
    const place = this.#places.get(target)
    if (place === undefined || place === 'directory' || place === 'implied' || path === target) {
      const what = `is a hard link to ${JSON.stringify(shown(target))}, which is no earlier file`
      throw archiveError('E_ARCHIVE_PATH', what, { entry: path, fields: { target } })
    }
    const first = this.#links.get(target) ?? target
    this.#links.set(path, first)
    return first
  }

  #imply(path: string): readonly ImageMember[] {
    let folder = parentOf(path)
    if (folder === this.#folder) return NONE
    this.#folder = folder
    let place = this.#places.get(folder)
    if (place === 'directory' || place === 'implied') return NONE
    const members: ImageMember[] = []
    for (; place === undefined; place = this.#places.get(folder)) {
      this.#budget.entry(0)
      this.#places.set(folder, 'implied')
      members.push({ kind: 'directory', path: folder, mode: IMPLIED_MODE, uid: 0, gid: 0, mtime: 0, xattrs: [] })
      if (folder === '') break
      folder = parentOf(folder)
    }
    if (place === 'symlink') throw archiveError('E_ARCHIVE_PATH', `lies below the link ${folder}`, { entry: path })
    if (place === 'other') throw archiveError('E_ARCHIVE', `lies below the file ${folder}`, { entry: path })
    return members.reverse()
  }
}

/** Checks how many bytes the target of a symbolic link has; in an image it may lead anywhere. Throws `E_ARCHIVE_LIMIT`. */
export function checkImageTarget(path: string, bytes: number): void {
  if (bytes <= MAX_TARGET) return
  const fields = { limit: 'pathBytes' }
  throw archiveError('E_ARCHIVE_LIMIT', `is a link of more than ${MAX_TARGET} bytes`, { entry: path, fields })
}

/** Gives back device numbers that Linux can keep; throws `E_ARCHIVE` for others. */
export function checkDevice({ major, minor }: DeviceNumbers, name: string): DeviceNumbers {
  if (isDeviceNumber({ major, minor })) return { major, minor }
  throw archiveError('E_ARCHIVE', `has device numbers out of range: ${major}, ${minor}`, { entry: name })
}

const NONE: readonly ImageMember[] = []

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

function shown(path: string): string {
  return path === '' ? '.' : path
}
