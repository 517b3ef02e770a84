import { chmod, link, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../model/digest.ts'
import { isErrno } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import type { BlobStore } from './blobs.ts'
import { diskError, temporaryName } from './disk.ts'
import type { Layout } from './layout.ts'
import type { TreeStore } from './trees.ts'

/** Trees as plain folders, for a sandbox to mount read-only. Files are hard links to verified blobs. */
export class CheckoutStore {
  readonly #layout: Layout
  readonly #blobs: BlobStore
  readonly #trees: TreeStore
  readonly #order: 'forwards' | 'backwards'
  readonly #running = new Map<Digest, Promise<string>>()

  /** @param order in which files are created; on some filesystems folders list them so */
  constructor(layout: Layout, blobs: BlobStore, trees: TreeStore, order: 'forwards' | 'backwards' = 'forwards') {
    this.#layout = layout
    this.#blobs = blobs
    this.#trees = trees
    this.#order = order
  }

  /** Path of the folder with the content of a tree. Throws `E_STORE_CORRUPT` when a blob is missing or damaged. */
  async get(tree: Digest): Promise<string> {
    const running = this.#running.get(tree)
    if (running !== undefined) return running
    const made = this.#make(tree).finally(() => this.#running.delete(tree))
    this.#running.set(tree, made)
    return made
  }

  async #make(tree: Digest): Promise<string> {
    const path = this.#layout.checkout(tree)
    if (await isFolder(path)) return path
    const temporary = temporaryName(this.#layout.tmp, 'checkout')
    try {
      await makeFolder(temporary)
      const entries = await this.#trees.entries(tree)
      for (const entry of entries) if (entry.kind === 'directory') await makeFolder(join(temporary, entry.path))
      await mapLimited(this.#order === 'forwards' ? entries : entries.reverse(), 16, async (entry) => {
        const at = join(temporary, entry.path)
        if (entry.kind === 'file') await link(await this.#blobs.inode(entry.digest, entry.executable), at)
        else if (entry.kind === 'symlink') await symlink(entry.target, at)
      })
      await rename(temporary, path)
    } catch (error) {
      await removeFolder(temporary)
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST') && (await isFolder(path))) return path
      throw diskError(path, error)
    }
    return path
  }
}

/** Makes a folder that everybody may read, whatever the umask: a build can see the mode. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path)
  await chmod(path, 0o755)
}

/** Removes a folder and all below it, also where a build step took its own rights away. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw diskError(path, error)
    await openFolders(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name))
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw diskError(path, error)
  }
}
