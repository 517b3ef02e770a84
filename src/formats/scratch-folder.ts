import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { isErrno } from '../util/errors.ts'

/** Calls `body` with a folder of its own in `parent`, open to nobody else and named after `target`; removes it after. */
export async function withScratchFolder<T>(
  parent: string,
  target: string,
  body: (scratch: string) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(parent, `.${basename(target)}-`))
  try {
    return await body(scratch)
  } finally {
    await removeFolder(scratch)
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
