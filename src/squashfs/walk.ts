import type { ImageMember } from '../model/image-reader.ts'
import { damaged } from './damaged.ts'
import type { FoundEntry } from './directory-listing.ts'
import type { ImageTables, LocatedInode } from './image-tables.ts'
import { INODE_TYPES } from './inode.ts'
import { type Budget, tooMuch } from './limits.ts'
import { ListingCursor } from './listing-cursor.ts'
import { positionOf } from './metadata-table.ts'

/** A folder whose listing is being read. */
interface Folder {
  readonly number: number
  /** Path with the slash that its entries need, and the bytes of it. */
  readonly prefix: string
  readonly prefixBytes: number
  readonly listing: ListingCursor
}

/**
 * All entries of an image in the order of `Image`: listings are in the order of names, so each folder's entries follow
 * it as they stand. Folders that are being read are on a list, not on the call stack; each may be entered once.
 */
export async function* walk(tables: ImageTables, budget: Budget): AsyncGenerator<ImageMember> {
  const entered = new Set<number>()
  const firstNames = new Map<number, string>()
  const enter = (located: LocatedInode, prefix: string, prefixBytes: number): Folder[] => {
    const { inode } = located
    if (inode.kind !== 'directory') return []
    if (entered.has(inode.number)) {
      throw damaged('a directory in two places', tables.inodes.start, { number: inode.number, entry: prefix })
    }
    entered.add(inode.number)
    const listing = new ListingCursor(tables.directories, inode.position, inode.size)
    return [{ number: inode.number, prefix, prefixBytes, listing }]
  }

  const root = await readRoot(tables, budget)
  budget.entry()
  yield tables.member(root, '', await tables.xattrs(root, budget), budget)
  const folders = enter(root, '', 0)
  for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
    const entry = folder.listing.next()
    if (entry === null) {
      if (!(await folder.listing.more(budget))) folders.pop()
      continue
    }
    budget.entry()
    const bytes = folder.prefixBytes + entry.name.length
    if (bytes > tables.limits.pathBytes) throw tooMuch('pathBytes', tables.limits)
    const path = folder.prefix + entry.name.toString()
    const first = firstNames.get(entry.number)
    if (first !== undefined) {
      yield { kind: 'hardlink', path, target: first }
      continue
    }
    const located = tables.cachedInode(entry.inode) ?? (await tables.inode(entry.inode, budget))
    checkEntry(entry, located, path, tables)
    // Most reads need not wait, and a wait costs more than the rest.
    const known = tables.xattrs(located, budget)
    yield tables.member(located, path, known instanceof Promise ? await known : known, budget)
    if (located.inode.kind !== 'directory') {
      firstNames.set(entry.number, path)
    } else {
      if (located.inode.parent !== folder.number) {
        throw damaged('a directory that names another parent', tables.inodes.start, { entry: path })
      }
      folders.push(...enter(located, `${path}/`, bytes + 1))
    }
  }
}

/** The inode of the root; throws `E_ARCHIVE` when that is no directory. */
export async function readRoot(tables: ImageTables, budget: Budget): Promise<LocatedInode> {
  const root = await tables.inode(positionOf(tables.superblock.rootInode), budget)
  if (root.inode.kind !== 'directory') throw damaged('a root that is no directory', 32)
  return root
}

/** Throws `E_ARCHIVE` when a listing says other things than the inode that it names. */
export function checkEntry(entry: FoundEntry, { inode }: LocatedInode, path: string, tables: ImageTables): void {
  if (entry.number === inode.number && entry.type === INODE_TYPES[inode.kind]) return
  throw damaged('a listing that names an inode of another number or kind', tables.inodes.start, {
    entry: path,
    number: inode.number,
  })
}
