import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isErrno, MrrlError } from '../util/errors.ts'

/** A fresh name in `folder`, unique among all processes. */
export function temporaryName(folder: string, kind: string): string {
  return join(folder, `${kind}-${process.pid}-${randomBytes(9).toString('hex')}`)
}

/** The store's error for what the operating system refused; other errors are returned as they are. */
export function diskError(path: string, error: unknown): unknown {
  const options = { fields: { path }, cause: error }
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) return new MrrlError('E_STORE_FULL', `no space left for ${path}`, options)
  if (isErrno(error, 'EROFS', 'EACCES', 'EPERM')) {
    return new MrrlError('E_STORE_READ_ONLY', `cannot write ${path}`, options)
  }
  if (isErrno(error, 'EIO', 'EMFILE', 'ENFILE', 'ENOTDIR', 'EISDIR', 'ELOOP')) {
    return new MrrlError('E_STORE', `cannot use ${path}: ${error.message}`, options)
  }
  return error
}

/** Makes the bytes of a file durable and gives it its name: no reader ever sees half of it. */
export async function publish(handle: FileHandle, temporary: string, path: string): Promise<void> {
  await handle.datasync()
  await handle.close()
  await renameInto(temporary, path)
}

/** Renames, creating the folder of `path` on first use. */
export async function renameInto(from: string, path: string): Promise<void> {
  try {
    await rename(from, path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true })
    await rename(from, path)
  }
}

/** Writes a small file atomically and durably. */
export async function writeAtomic(path: string, bytes: Uint8Array | string, tmp: string): Promise<void> {
  const temporary = temporaryName(tmp, 'file')
  try {
    const handle = await open(temporary, 'wx', 0o644)
    try {
      await handle.writeFile(bytes)
      await publish(handle, temporary, path)
    } finally {
      await handle.close().catch(() => undefined)
    }
  } catch (error) {
    await rm(temporary, { force: true })
    throw diskError(path, error)
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
