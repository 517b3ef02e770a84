import { constants, copyFile, link, rm, utimes } from 'node:fs/promises'
import { type Digest, sizeOf } from '../model/digest.ts'
import { isErrno } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { BLOB_TIME } from './blobs.ts'
import { diskError, renameInto, temporaryName } from './disk.ts'
import type { Store } from './store.ts'

const AT_ONCE = 16

/**
 * Gives a blob of one store to another: as a second name of the same file where both are on one filesystem, else as a
 * copy. A blob that `from` lacks is passed over; who reads it in `to` is told. Returns its size in bytes.
 */
export async function copyBlob(from: Store, to: Store, digest: Digest): Promise<number> {
  for (const executable of [false, true]) {
    await copyInode(from.layout.blob(digest, executable), to.layout.blob(digest, executable), to)
  }
  return sizeOf(digest)
}

/**
 * Gives a tree with all that is in it to another store, or its folders alone, and returns the size in bytes. Throws
 * `E_STORE_CORRUPT` when a folder of it is missing.
 */
export async function copyTree(from: Store, to: Store, root: Digest, part: 'all' | 'folders' = 'all'): Promise<number> {
  const seen = new Set<Digest>()
  const visit = async (digest: Digest): Promise<void> => {
    if (seen.has(digest)) return
    seen.add(digest)
    const { files, directories } = await from.trees.directory(digest)
    await mapLimited(part === 'all' ? files : [], AT_ONCE, async (file) => {
      if (seen.has(file.digest)) return
      seen.add(file.digest)
      await copyBlob(from, to, file.digest)
    })
    for (const below of directories) await visit(below.digest)
    await copyBlob(from, to, digest)
  }
  await visit(root)
  return [...seen].reduce((sum, digest) => sum + sizeOf(digest), 0)
}

/** True when a store has every byte of a tree, as far as names and sizes tell. */
export async function hasTree(store: Store, root: Digest): Promise<boolean> {
  if (!(await store.blobs.has(root))) return false
  const { files, directories } = await store.trees.directory(root)
  const found = await mapLimited(files, AT_ONCE, ({ digest }) => store.blobs.has(digest))
  if (found.includes(false)) return false
  for (const below of directories) if (!(await hasTree(store, below.digest))) return false
  return true
}

async function copyInode(from: string, path: string, to: Store): Promise<void> {
  const temporary = temporaryName(to.layout.tmp, 'blob')
  try {
    await linkOrCopy(from, temporary)
    await renameInto(temporary, path)
    // Both names are one file already: then rename(2) does nothing.
    await rm(temporary, { force: true })
  } catch (error) {
    await rm(temporary, { force: true })
    if (!isErrno(error, 'ENOENT')) throw diskError(path, error)
  }
}

async function linkOrCopy(from: string, path: string): Promise<void> {
  try {
    await link(from, path)
  } catch (error) {
    // Another filesystem, as many names as a file may have, or a file of another user.
    if (!isErrno(error, 'EXDEV', 'EMLINK', 'EPERM')) throw error
    await copyFile(from, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await utimes(path, BLOB_TIME, BLOB_TIME)
  }
}
