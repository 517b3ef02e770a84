import { lstat, open, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ImageSink } from '../model/image.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { targetError } from './file-error.ts'
import { openFileSink } from './file-sink.ts'
import { withScratchFolder } from './scratch-folder.ts'

/**
 * Writes an image file that has its name only when it is complete and durable; a file of that name is replaced.
 * Returns its size in bytes. Throws what `write` throws, `E_TARGET` when the system refuses it or something else than
 * a file has that name.
 */
export async function writeImageFile(file: string, write: (sink: ImageSink) => Promise<void>): Promise<number> {
  const path = resolve(file)
  const folder = dirname(path)
  try {
    await refuseOthers(path)
    return await withScratchFolder(folder, path, async (scratch) => {
      const temporary = join(scratch, 'image')
      const sink = await openFileSink(temporary)
      try {
        await write(sink)
        await sink.finish()
      } finally {
        await sink.abandon()
      }
      await rename(temporary, path)
      await syncFolder(folder)
      return sink.size
    })
  } catch (error) {
    throw targetError(path, error)
  }
}

/** A rename would silently put the image in the place of a device. */
async function refuseOthers(path: string): Promise<void> {
  try {
    const stat = await lstat(path)
    if (stat.isFile() || stat.isSymbolicLink()) return
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  throw new MrrlError('E_TARGET', `${path} is there already, and is not a file`, { fields: { path } })
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
