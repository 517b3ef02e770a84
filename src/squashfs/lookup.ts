import { damaged } from './damaged.ts'
import type { ImageTables, LocatedInode } from './image-tables.ts'
import { decodeIndexEntry, INDEX_ENTRY_SIZE } from './inode.ts'
import type { Budget } from './limits.ts'
import { ListingCursor } from './listing-cursor.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import type { MetadataPosition } from './metadata-writer.ts'
import { checkEntry, readRoot } from './walk.ts'

/** NAME_MAX of Linux, in bytes; the format could hold one more. */
const MAX_NAME = 255

/** The inode at a path, or null; reads only the listings on the way, and of long ones only what the index names. */
export async function findInode(tables: ImageTables, path: string, budget: Budget): Promise<LocatedInode | null> {
  let found = await readRoot(tables, budget)
  const visited = new Set([found.inode.number])
  const segments = path === '' ? [] : path.split('/')
  for (const segment of segments) {
    const name = Buffer.from(segment)
    if (name.length === 0 || name.length > MAX_NAME) return null
    const child = await findChild(tables, found, name, path, budget)
    if (child === null) return null
    if (child.inode.kind === 'directory' && visited.has(child.inode.number)) {
      throw damaged('a directory within itself', tables.inodes.start, { entry: path })
    }
    visited.add(child.inode.number)
    found = child
  }
  return found
}

async function findChild(
  tables: ImageTables,
  folder: LocatedInode,
  name: Buffer,
  path: string,
  budget: Budget,
): Promise<LocatedInode | null> {
  const { inode } = folder
  if (inode.kind !== 'directory') return null
  const { position, skipped } = await findHeader(tables, folder, name, budget)
  const listing = new ListingCursor(tables.directories, position, inode.size - skipped)
  do {
    for (let entry = listing.next(); entry !== null; entry = listing.next()) {
      const order = Buffer.compare(entry.name, name)
      if (order > 0) return null
      if (order < 0) continue
      const located = await tables.inode(entry.inode, budget)
      checkEntry(entry, located, path, tables)
      return located
    }
  } while (await listing.more(budget))
  return null
}

/** Where in the listing to begin, and the bytes before: the last header of the index that is not behind the name. */
async function findHeader(
  tables: ImageTables,
  { inode, list }: LocatedInode,
  name: Buffer,
  budget: Budget,
): Promise<{ position: MetadataPosition; skipped: number }> {
  if (inode.kind !== 'directory') throw damaged('no directory', tables.inodes.start)
  let best = { position: inode.position, skipped: 0 }
  let at = list
  for (let left = inode.indexCount; left > 0; left--) {
    const head = await tables.inodes.read(at, INDEX_ENTRY_SIZE, budget)
    const { offset, block, nameLength } = decodeIndexEntry(head.bytes)
    if (nameLength > MAX_NAME || offset >= inode.size) {
      throw damaged('a directory index that does not fit its listing', tables.inodes.start, { number: inode.number })
    }
    const first = await tables.inodes.read(head.next, nameLength, budget)
    if (Buffer.compare(first.bytes, name) > 0) break
    best = { position: { block, offset: (inode.position.offset + offset) % METADATA_SIZE }, skipped: offset }
    at = first.next
  }
  return best
}
