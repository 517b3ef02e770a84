import { chmod, lstat, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkImage } from '../model/check-image.ts'
import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageEntry } from '../model/image.ts'
import type { ImageMember, MemberContent } from '../model/image-reader.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { fillFolder } from './fill-folder.ts'
import { FolderWriter } from './folder-writer.ts'
import { withScratchFolder } from './scratch-folder.ts'

const FILES_AT_ONCE = 8
/** Files up to this size are read in one piece. */
const WHOLE_FILE = 2 ** 20
/** chown(2) takes this id as "leave it". */
const NO_ID = 2 ** 32 - 1

/**
 * Writes an image as a plain folder at `path`, replacing what is there; a half-written folder never has that name.
 * Root gets owners, devices and all modes. An ordinary user owns everything, set-id bits are left out (they would
 * lend out the user's identity), and an image with devices is refused with `E_IMAGE`. So are sockets and extended
 * attributes for everyone: Node can make neither.
 */
export async function writeDir(image: Image, blobs: BlobReader, path: string): Promise<void> {
  checkImage(image)
  const isRoot = process.geteuid?.() === 0
  for (const entry of image.entries) refuseImpossible(entry, isRoot)
  await withScratchFolder(dirname(path), path, async (scratch) => {
    const fresh = join(scratch, 'new')
    const writer = new FolderWriter(fresh, { owners: isRoot, devices: isRoot })
    const options = { filesAtOnce: FILES_AT_ONCE, signal: new AbortController().signal, onProgress: () => undefined }
    await fillFolder(writer, membersOf(image, blobs), options)
    writer.finishFolders(fresh, (folder) => folder !== '')
    await replace(path, fresh, join(scratch, 'old'))
    // Last: a folder without write permission cannot be moved by its owner.
    writer.finishFolders(path, (folder) => folder === '')
  })
}

/** The entries of an image as a reader would give them, all with its one time. */
export async function* membersOf(image: Image, blobs: BlobReader): AsyncGenerator<ImageMember> {
  const mtime = image.epoch
  for (const entry of image.entries) {
    if (entry.kind === 'hardlink') yield entry
    else if (entry.kind !== 'file') yield { ...entry, mtime }
    else yield { ...entry, mtime, size: sizeOf(entry.digest), content: contentOf(entry.digest, blobs) }
  }
}

function contentOf(digest: Digest, blobs: BlobReader): MemberContent {
  if (sizeOf(digest) > WHOLE_FILE) return () => blobs.stream(digest)
  return async function* () {
    yield await blobs.read(digest)
  }
}

function refuseImpossible(entry: ImageEntry, isRoot: boolean): void {
  if (entry.kind === 'hardlink') return
  const fields = { path: entry.path }
  if (entry.kind === 'device' && !isRoot) {
    throw new MrrlError('E_IMAGE', `only root can create /${entry.path}`, { fields })
  }
  if (entry.kind === 'socket')
    throw new MrrlError('E_IMAGE', `a folder cannot get the socket /${entry.path}`, { fields })
  if (entry.xattrs.length > 0) {
    throw new MrrlError('E_IMAGE', `a folder cannot get the extended attributes of /${entry.path}`, { fields })
  }
  if (isRoot && (entry.uid === NO_ID || entry.gid === NO_ID)) {
    throw new MrrlError('E_IMAGE', `no file can belong to ${NO_ID}, as /${entry.path} should`, { fields })
  }
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
