import { lstat, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '../util/errors.ts'
import { removeFolder } from './checkouts.ts'
import { diskError, temporaryName } from './disk.ts'
import type { Layout } from './layout.ts'
import type { Store } from './store.ts'
import { isOnlyUser } from './users.ts'

/** Leftovers of programs that were killed. */
export interface Leftovers {
  readonly removed: number
  readonly kept: number
  readonly bytes: number
}

/** Removes what programs that were killed left behind in `tmp`; names carry the process. */
export async function sweepLeftovers(layout: Layout, isDryRun = false): Promise<Leftovers> {
  let [removed, kept, bytes] = [0, 0, 0]
  for (const name of await readdir(layout.tmp)) {
    const [, owner = ''] = name.split('-')
    if (await isRunning(owner)) {
      kept++
      continue
    }
    const path = join(layout.tmp, name)
    bytes += await bytesBelow(path)
    removed++
    if (!isDryRun) await removeFolder(path)
  }
  return { removed, kept, bytes }
}

/**
 * Forgets all checkouts; they can be made again at any time. Call it as a user of the store. While there are other
 * users, whose steps may have them mounted, they are only set aside.
 */
export async function dropCheckouts(store: Store): Promise<void> {
  const old = temporaryName(store.layout.tmp, 'checkouts')
  try {
    await rename(store.layout.checkouts, old)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw diskError(store.layout.checkouts, error)
  }
  await mkdir(store.layout.checkouts, { recursive: true })
  if (await isOnlyUser(store.layout)) await removeFolder(old)
}

/** Bytes that would come free with a file or folder: a file with further names elsewhere counts nothing. */
export async function bytesBelow(path: string): Promise<number> {
  const info = await lstat(path)
  if (!info.isDirectory()) return info.nlink > 1 ? 0 : info.size
  let sum = 0
  try {
    for (const name of await readdir(path)) sum += await bytesBelow(join(path, name))
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error // a step closed its own folder
  }
  return sum
}

async function isRunning(pid: string): Promise<boolean> {
  if (!/^[1-9][0-9]*$/.test(pid)) return true // not a name that this program gives
  try {
    await lstat(`/proc/${pid}`)
    return true
  } catch {
    return false
  }
}
