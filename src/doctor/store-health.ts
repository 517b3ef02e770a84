import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { parseResult } from '../store/actions.ts'
import { Layout } from '../store/layout.ts'
import { inspectBlob } from '../store/verify.ts'
import { listTwoLevels } from '../store/walk.ts'
import { isErrno } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { type Finding, fail, pass, shownBytes, skipped } from './check.ts'

/** How many blobs a quick look hashes, spread over all, and how many files are read at once. */
const SAMPLE = 200
const AT_ONCE = 4

/** Most paths that are named. */
const MOST_NAMED = 3

/** Hashes a sample of the store, or with `isFull` all of it, and removes nothing. */
export async function checkStore(home: string, isFull: boolean): Promise<Finding> {
  const check = 'store health'
  const layout = new Layout(home)
  if (!existsSync(layout.root)) return skipped(check, `there is no store in ${home} yet; the first build makes it`)
  const all = await listTwoLevels(layout.blobs)
  const blobs = isFull ? all : spread(all, SAMPLE)
  const damaged: string[] = []
  let bytes = 0
  await mapLimited(blobs, AT_ONCE, async (path) => {
    const found = await inspect(path)
    bytes += found.bytes
    if (found.problem !== undefined) damaged.push(`${relative(layout.root, path)} ${found.problem}`)
  })
  for (const path of await listTwoLevels(layout.actions)) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (parseResult(text) === undefined) damaged.push(`${relative(layout.root, path)} is torn or was altered`)
  }
  const looked = `${blobs.length} of ${all.length} blobs, ${shownBytes(bytes)}`
  if (damaged.length === 0) return pass(check, `${looked}: whole`)
  const named = damaged.sort().slice(0, MOST_NAMED).join('; ')
  const more = damaged.length > MOST_NAMED ? `, and ${damaged.length - MOST_NAMED} more` : ''
  return fail(check, `${looked}: ${named}${more}`, 'E_STORE_CORRUPT', 'mrrl store verify, and look after the disk')
}

/** What another program removes meanwhile is no damage; what cannot be read is. */
async function inspect(path: string): Promise<{ problem: string | undefined; bytes: number }> {
  try {
    return await inspectBlob(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { problem: undefined, bytes: 0 }
    if (isErrno(error)) return { problem: `cannot be read: ${error.code}`, bytes: 0 }
    throw error
  }
}

/** At most `most` items at even distances, the same every time. */
function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most)
  return items.filter((_, index) => Math.floor(index / step) > Math.floor((index - 1) / step))
}
