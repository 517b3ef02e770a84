import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sourceError } from '../formats/file-error.ts'
import { isErrno } from '../util/errors.ts'
import { INDEX } from './layout.ts'
import { invalidIndex, type MirrorIndex, parseIndex } from './mirror-index.ts'

/** Largest list that is read, in bytes: a thousand files make less than one hundredth of it. */
export const MAX_LIST: number = 64 << 20

/** The index of a mirror; undefined where there is none. Throws `E_MIRROR` for one that is damaged, `E_SOURCE`. */
export async function readIndex(mirror: string): Promise<MirrorIndex | undefined> {
  const path = join(mirror, INDEX)
  try {
    const stat = await lstat(path)
    if (!stat.isFile()) throw invalidIndex('it is not a regular file')
    if (stat.size > MAX_LIST) throw invalidIndex(`it has more than ${MAX_LIST} bytes`)
    return parseIndex(await readFile(path, 'utf8'))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw sourceError(path, error)
  }
}
