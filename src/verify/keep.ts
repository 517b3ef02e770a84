import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest } from '../model/digest.ts'
import { makeFolder } from '../store/checkouts.ts'
import type { Store } from '../store/store.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { isDifferent, type Judgement } from './judge.ts'
import type { Places } from './places.ts'
import type { Round } from './rounds.ts'

/** Throws `E_TARGET` unless a folder is new or empty. */
export async function checkKeepFolder(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw new MrrlError('E_TARGET', `cannot use ${folder}: ${error}`, { fields: { path: folder }, cause: error })
  }
  throw new MrrlError('E_TARGET', `the folder ${folder} is not empty`, { fields: { path: folder } })
}

/** Leaves what differs in `<folder>/<package>/locked` and `<folder>/<package>/<round>`, as far as it is at hand. */
export async function keepTrees(
  packages: readonly Judgement[],
  made: readonly Round[],
  folder: string,
  places: Places,
): Promise<void> {
  for (const { name, locked, rebuilt } of packages.filter(isDifferent)) {
    const sides: (readonly [string, Digest | ''])[] = [['locked', locked]]
    for (const [index, { plan }] of made.entries()) sides.push([plan.name.replaceAll(' ', '-'), rebuilt[index] ?? ''])
    for (const [side, digest] of sides) {
      const store = digest === '' ? undefined : await places.ofTree(digest)
      if (digest !== '' && store !== undefined) await writeTree(store, digest, join(folder, name, side))
    }
  }
}

/** Files of their own, not names of the store's: whoever looks at them may change them. */
async function writeTree(store: Store, root: Digest, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  await makeFolder(folder)
  for (const entry of await store.trees.entries(root)) {
    const path = join(folder, entry.path)
    if (entry.kind === 'directory') await makeFolder(path)
    else if (entry.kind === 'symlink') await symlink(entry.target, path)
    else await copyFile(await store.blobs.inode(entry.digest, entry.executable), path)
  }
}
