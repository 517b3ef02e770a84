import { lstat, readdir, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ImageReader } from '../model/image-reader.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { targetError } from './file-error.ts'
import { type FillOptions, fillFolder } from './fill-folder.ts'
import { type FolderRules, FolderWriter } from './folder-writer.ts'
import { withScratchFolder } from './scratch-folder.ts'

/** What is made of an image, and how. */
export interface ExtractOptions extends FolderRules, FillOptions {}

/** What holds where a caller has no wish: nothing that needs root. */
export const EXTRACT_DEFAULTS: ExtractOptions = {
  owners: false,
  devices: false,
  filesAtOnce: 1,
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/**
 * Unpacks an image into a folder that is new or empty. All of it is made aside, in a folder that only the caller can
 * enter, and moved when it is complete; after a failure nothing is left.
 * Modes and times are those of the image, whatever the umask. Returns what was left out, in sentences.
 * Throws what the reader throws, `E_ARCHIVE_PATH` for what would not be below the folder, `E_TARGET` when it is not
 * empty or cannot be written, `E_INTERRUPTED` when aborted.
 */
export async function extractImage(
  reader: ImageReader,
  folder: string,
  options: ExtractOptions,
): Promise<readonly string[]> {
  const target = resolve(folder)
  const isThere = await isEmptyFolder(target)
  try {
    // An empty folder may be a mount point or where the caller stands: it stays, and is filled from within.
    const isMoved = (path: string): boolean => path === '' || (isThere && !path.includes('/'))
    const writer = await withScratchFolder(isThere ? target : dirname(target), target, async (scratch) => {
      const fresh = join(scratch, 'new')
      const made = new FolderWriter(fresh, options)
      await fillFolder(made, reader.members(), options)
      made.finishFolders(fresh, (path) => !isMoved(path))
      if (isThere) for (const name of await readdir(fresh)) await rename(join(fresh, name), join(target, name))
      else await rename(fresh, target)
      return made
    })
    // A folder without write permission could not have been moved by its owner.
    writer.finishFolders(target, isMoved)
    return writer.warnings
  } catch (error) {
    throw targetError(target, error)
  }
}

/** False when there is nothing; throws `E_TARGET` for anything but an empty folder. */
async function isEmptyFolder(path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isDirectory() && (await readdir(path)).length === 0) return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw targetError(path, error)
  }
  throw new MrrlError('E_TARGET', `${path} is there already, and is not an empty folder`, { fields: { path } })
}
