import { execFile } from 'node:child_process'
import { chmod, lchown, lstat, lutimes, mkdir, mkdtemp, open, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { checkImage } from '../model/check-image.ts'
import type { BlobReader, Image, ImageEntry } from '../model/image.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'

const FILES_AT_ONCE = 8
const SET_ID_BITS = 0o6000
/** chown(2) takes this id as "leave it". */
const NO_ID = 2 ** 32 - 1

/**
 * Writes an image as a plain folder at `path`, replacing what is there; a half-written folder never has that name.
 * Root gets owners, devices and all modes. An ordinary user owns everything, set-id bits are left out (they would
 * lend out the user's identity), and an image with devices is refused with `E_IMAGE`.
 */
export async function writeDir(image: Image, blobs: BlobReader, path: string): Promise<void> {
  checkImage(image)
  const isRoot = process.geteuid?.() === 0
  for (const entry of image.entries) refuseImpossible(entry, isRoot)
  const scratch = await mkdtemp(join(dirname(path), `.${basename(path)}-`))
  try {
    const fresh = join(scratch, 'new')
    await fill(fresh, image, blobs, isRoot)
    await replace(path, fresh, join(scratch, 'old'))
    // Last: a folder without write permission cannot be moved by its owner.
    await setAttributes(path, image.entries[0] as ImageEntry, image.epoch, isRoot)
  } finally {
    await removeFolder(scratch)
  }
}

function refuseImpossible(entry: ImageEntry, isRoot: boolean): void {
  const fields = { path: entry.path }
  if (entry.kind === 'device' && !isRoot)
    throw new MrrlError('E_IMAGE', `only root can create /${entry.path}`, { fields })
  if (isRoot && (entry.uid === NO_ID || entry.gid === NO_ID)) {
    throw new MrrlError('E_IMAGE', `no file can belong to ${NO_ID}, as /${entry.path} should`, { fields })
  }
}

async function fill(root: string, image: Image, blobs: BlobReader, isRoot: boolean): Promise<void> {
  // Folders come before what is in them, and stay open to us until all is there.
  for (const entry of image.entries) {
    if (entry.kind === 'directory') await mkdir(join(root, entry.path), { mode: 0o700 })
  }
  await mapLimited(image.entries, FILES_AT_ONCE, async (entry) => {
    const path = join(root, entry.path)
    if (entry.kind === 'file') await writeFile(path, blobs.stream(entry.digest))
    else if (entry.kind === 'symlink') await symlink(entry.target, path)
    else if (entry.kind === 'device') await makeDevice(path, entry)
    if (entry.kind !== 'directory') await setAttributes(path, entry, image.epoch, isRoot)
  })
  for (const entry of image.entries.toReversed()) {
    const isRootFolder = entry.path === ''
    if (entry.kind === 'directory' && !isRootFolder)
      await setAttributes(join(root, entry.path), entry, image.epoch, isRoot)
  }
}

async function writeFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const piece of pieces) await handle.writeFile(piece)
  } finally {
    await handle.close()
  }
}

async function makeDevice(path: string, entry: ImageEntry & { kind: 'device' }): Promise<void> {
  // Node has no mknod.
  const type = entry.type === 'char' ? 'c' : 'b'
  await promisify(execFile)('mknod', [path, type, String(entry.major), String(entry.minor)])
}

async function setAttributes(path: string, entry: ImageEntry, epoch: number, isRoot: boolean): Promise<void> {
  if (isRoot) await lchown(path, entry.uid, entry.gid)
  // After the owner, whose change takes the set-id bits away.
  if (entry.kind !== 'symlink') await chmod(path, isRoot ? entry.mode : entry.mode & ~SET_ID_BITS)
  await lutimes(path, epoch, epoch)
}

async function replace(path: string, fresh: string, old: string): Promise<void> {
  try {
    if ((await lstat(path)).isDirectory()) await chmod(path, 0o700)
    await rename(path, old)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    return rename(fresh, path)
  }
  try {
    await rename(fresh, path)
  } catch (error) {
    await rename(old, path)
    throw error
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error
    // Folders of the image that deny access to their own owner.
    await promisify(execFile)('chmod', ['-R', 'u+rwX', path])
    await rm(path, { recursive: true, force: true })
  }
}
