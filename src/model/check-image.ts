import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { isDeviceNumber } from './device-number.ts'
import type { Image, ImageEntry, Inode } from './image.ts'
import { comparePaths } from './tree.ts'

const MAX_UINT32 = 2 ** 32 - 1
const MAX_MODE = 0o7777
/** NAME_MAX and PATH_MAX - 1 of Linux, in bytes. */
const MAX_NAME = 255
const MAX_TARGET = 4095
/** XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux, in bytes. */
const MAX_XATTR_NAME = 255
const MAX_XATTR_SIZE = 2 ** 16

/** Throws `E_IMAGE` at the first entry that breaks a rule of {@link Image}; every writer calls it first. */
export function checkImage(image: Image): void {
  if (!isWhole(image.epoch, MAX_UINT32)) throw new MrrlError('E_IMAGE', `the epoch ${image.epoch} is out of range`)
  const root = image.entries[0]
  if (root === undefined || root.path !== '' || root.kind !== 'directory') {
    throw new MrrlError('E_IMAGE', 'the first entry of an image is its root folder')
  }
  const kinds = new Map<string, ImageEntry['kind']>()
  let previous: ImageEntry | undefined
  for (const entry of image.entries) {
    if (entry.kind === 'hardlink') {
      const target = kinds.get(entry.target)
      if (target === undefined) throw broken(entry, `is a hard link to /${entry.target}, which is not before it`)
      if (target === 'directory' || target === 'hardlink') {
        throw broken(entry, `is a hard link to /${entry.target}, a ${target}`)
      }
    } else {
      checkFields(entry)
    }
    if (previous !== undefined) {
      if (comparePaths(previous.path, entry.path) >= 0) throw broken(entry, `stands behind /${previous.path}`)
      checkName(entry)
      const parent = entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0))
      if (kinds.get(parent) !== 'directory') throw broken(entry, `has no folder /${parent} before it`)
    }
    kinds.set(entry.path, entry.kind)
    previous = entry
  }
}

function checkFields(entry: Inode): void {
  if (!isWhole(entry.mode, MAX_MODE)) throw broken(entry, `has a mode out of range: ${entry.mode}`)
  if (!isWhole(entry.uid, MAX_UINT32)) throw broken(entry, `has a user id out of range: ${entry.uid}`)
  if (!isWhole(entry.gid, MAX_UINT32)) throw broken(entry, `has a group id out of range: ${entry.gid}`)
  for (const [at, { name, value }] of entry.xattrs.entries()) {
    if (!/^(?:user|trusted|security)\../s.test(name) || !isText(name, MAX_XATTR_NAME)) {
      throw broken(entry, `has an extended attribute that no file can have: ${JSON.stringify(name)}`)
    }
    if (value.length > MAX_XATTR_SIZE) throw broken(entry, `has more than ${MAX_XATTR_SIZE} bytes in ${name}`)
    const before = entry.xattrs[at - 1]?.name
    if (before !== undefined && compareBytes(before, name) >= 0) throw broken(entry, `has ${name} behind ${before}`)
  }
  if (entry.kind === 'symlink' && !isText(entry.target, MAX_TARGET)) throw broken(entry, 'points to an impossible path')
  if (entry.kind === 'device' && !isDeviceNumber(entry)) {
    throw broken(entry, `has device numbers out of range: ${entry.major}, ${entry.minor}`)
  }
}

function checkName(entry: ImageEntry): void {
  for (const name of entry.path.split('/')) {
    if (name === '.' || name === '..' || !isText(name, MAX_NAME)) throw broken(entry, 'has an impossible name')
  }
}

// Half a surrogate pair has no UTF-8 form: it would silently become another character.
function isText(text: string, maxBytes: number): boolean {
  return text !== '' && !text.includes('\0') && text.isWellFormed() && Buffer.byteLength(text) <= maxBytes
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}

function broken(entry: ImageEntry, what: string): MrrlError {
  return new MrrlError('E_IMAGE', `/${entry.path} ${what}`, { fields: { path: entry.path } })
}
