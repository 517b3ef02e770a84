import type { ImageMember, ImageReader, RandomAccess } from '../model/image-reader.ts'
import { damaged } from './damaged.ts'
import { decompressorOf } from './decompressor.ts'
import { ImageTables } from './image-tables.ts'
import { Budget, DEFAULT_SQUASHFS_LIMITS, type SquashfsLimits } from './limits.ts'
import { findInode } from './lookup.ts'
import { decodeSuperblock, SUPERBLOCK_SIZE } from './superblock.ts'
import { readLayout } from './table-layout.ts'
import { walk } from './walk.ts'

/** Reads a squashfs image: all of it in order, or single entries. */
export interface SquashfsReader extends ImageReader {
  /**
   * The entry at a path in the form of `Image`, or null when there is none; links are not followed. Reads only the
   * folders on the way. A further name of a file is shown as that file. Throws `E_ARCHIVE*`.
   */
  lookup(path: string): Promise<Exclude<ImageMember, { kind: 'hardlink' }> | null>
}

/**
 * Opens a squashfs 4.0 image packed with gzip, xz or zstd. What is read is checked as it is read: where an image is
 * not listed or a file is not read, damage there is not seen.
 *
 * Throws `E_ARCHIVE` when `source` is no such image, or its tables are not where they should be, `E_ARCHIVE_LIMIT`.
 */
export async function openSquashfs(
  source: RandomAccess,
  limits: SquashfsLimits = DEFAULT_SQUASHFS_LIMITS,
): Promise<SquashfsReader> {
  if (source.size < SUPERBLOCK_SIZE) throw damaged('not a squashfs image: too short', 0)
  const superblock = decodeSuperblock(Buffer.from(await source.read(0, SUPERBLOCK_SIZE)))
  const decompressor = decompressorOf(superblock.compressor)
  const layout = await readLayout(source, superblock, limits)
  const tables = await ImageTables.open({ source, superblock, decompressor, layout, limits })
  return {
    members: () => walk(tables, new Budget(limits)),
    lookup: async (path) => {
      const budget = new Budget(limits)
      const inode = await findInode(tables, path, budget)
      return inode === null ? null : tables.member(inode, path, await tables.xattrs(inode, budget), budget)
    },
  }
}
