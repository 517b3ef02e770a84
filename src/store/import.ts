import { constants } from 'node:fs'
import { chmod, lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../model/digest.ts'
import { climbsOut, type TreeEntry } from '../model/tree.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import type { Store } from './store.ts'

/** Files up to this many bytes are read whole. */
const WHOLE = 8 << 20

/**
 * Copies a folder that a finished build step wrote into the store.
 * Never follows a link: the step may have planted one. Throws `E_OUTPUT_INVALID` for sockets, devices and pipes,
 * for links that climb out of the folder, and for names that are not UTF-8.
 */
export async function importFolder(store: Store, folder: string): Promise<Digest> {
  const entries: TreeEntry[] = []
  const visit = async (path: string): Promise<void> => {
    const names = await readdir(join(folder, path), { encoding: 'buffer' })
    for (const raw of names.sort(Buffer.compare)) {
      const name = raw.toString('utf8')
      const below = path === '' ? name : `${path}/${name}`
      if (!Buffer.from(name).equals(raw)) throw invalid(below, 'has a name that is not UTF-8')
      await importOne(below)
    }
  }
  const importOne = async (path: string): Promise<void> => {
    const absolute = join(folder, path)
    const info = await lstat(absolute)
    if (info.isDirectory()) {
      // The step ran with the rights of this user, so a folder or file it closed to itself can be opened again.
      if ((info.mode & 0o700) !== 0o700) await chmod(absolute, 0o700)
      entries.push({ kind: 'directory', path })
      await visit(path)
    } else if (info.isSymbolicLink()) {
      const target = await readlink(absolute)
      if (climbsOut(path, target)) throw invalid(path, `is a link out of the output: ${target}`)
      entries.push({ kind: 'symlink', path, target })
    } else if (info.isFile()) {
      if ((info.mode & 0o400) === 0) await chmod(absolute, 0o600)
      const executable = (info.mode & 0o111) !== 0
      entries.push({ kind: 'file', path, digest: await importFile(store, absolute, executable), executable })
    } else throw invalid(path, 'is neither a file, a folder nor a symbolic link')
  }
  await visit('')
  entries.sort((a, b) => compareBytes(a.path, b.path))
  return store.trees.write(entries)
}

async function importFile(store: Store, path: string, executable: boolean): Promise<Digest> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    if (size <= WHOLE) return await store.blobs.put(await handle.readFile(), executable)
    return await store.blobs.putStream(handle.createReadStream({ autoClose: false }), executable)
  } finally {
    await handle.close()
  }
}

function invalid(path: string, what: string): MrrlError {
  return new MrrlError('E_OUTPUT_INVALID', `the step's output ${path} ${what}`, { fields: { path } })
}
