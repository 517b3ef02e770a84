import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { isErrno, MrrlError } from '../util/errors.ts'

/** Opened without waiting: a fifo or a terminal would keep the program for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/** Reads a file of this machine piece by piece. Throws `E_FETCH` when it is not there, not a file or cannot be read. */
export async function* readLocal(path: string): AsyncGenerator<Uint8Array> {
  try {
    const handle = await open(path, FLAGS)
    try {
      if (!(await handle.stat()).isFile()) throw new MrrlError('E_FETCH', 'not a regular file')
      yield* handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false }) as AsyncIterable<Buffer>
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw readError(error)
  }
}

/**
 * Reads a file of a mirror. A link may lead to another place of the mirror, but not out of it: whoever made the mirror
 * could have mrrl open any file of this machine and tell its hash and size in messages, and a mirror that is carried
 * elsewhere would lack the file. Throws as {@link readLocal}.
 */
export async function* readInside(folder: string, path: string): AsyncGenerator<Uint8Array> {
  let real: string
  try {
    const [root, target] = [await realpath(folder), await realpath(path)]
    if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new MrrlError('E_FETCH', 'a link that leads out of the mirror, which is not followed')
    }
    real = target
  } catch (error) {
    throw readError(error)
  }
  yield* readLocal(real)
}

function readError(error: unknown): unknown {
  if (isErrno(error, 'ENOENT', 'ENOTDIR')) return new MrrlError('E_FETCH', 'not there', { cause: error })
  if (isErrno(error, 'EACCES', 'EPERM', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENXIO')) {
    return new MrrlError('E_FETCH', `cannot be read: ${error.code}`, { cause: error })
  }
  return error
}
