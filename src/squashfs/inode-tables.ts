import type { Image, Inode } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import type { Compressor } from './compressor.ts'
import type { DataWriter } from './data-writer.ts'
import { encodeListing, type ListedInode, type ListingRun } from './directory-listing.ts'
import { Fields } from './fields.ts'
import type { IdTable } from './id-table.ts'
import {
  type DirectoryIndex,
  type DirectoryLayout,
  encodeDeviceInode,
  encodeDirectoryInode,
  encodeFileInode,
  encodeIpcInode,
  encodeSymlinkInode,
  INODE_TYPES,
  type InodeHeader,
} from './inode.ts'
import { buildInodeTree, type DirectoryNode, type InodeNode, type InodeTree, type Name } from './inode-tree.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { MetadataWriter, referenceOf } from './metadata-writer.ts'

/** Inode table, directory table and what refers into them. */
export interface InodeTables {
  readonly inodeCount: number
  readonly inodes: readonly Uint8Array[]
  readonly directories: readonly Uint8Array[]
  /** Inode references in the order of the inode numbers: content of the export table. */
  readonly references: Uint8Array
  readonly rootReference: number
}

/** What inodes refer to. */
export interface InodeSources {
  readonly data: DataWriter
  readonly ids: IdTable
  /** Index of the extended attributes of the entries that have any. */
  readonly xattrs: ReadonlyMap<Inode, number>
}

/** A directory's size field counts three bytes that are not there. */
const MAX_LISTING = 2 ** 32 - 1 - 3
const MAX_INDEX = 2 ** 16 - 1

/**
 * Encodes inodes and listings level by level, the deepest first: a directory's inode names the place of its listing,
 * and the listing the places of the inodes in it. So only once per level is waited for the compressor.
 */
export async function encodeInodeTables(
  image: Image,
  sources: InodeSources,
  compressor: Compressor,
  parallel: number,
): Promise<InodeTables> {
  const inodes = new MetadataWriter(compressor, parallel)
  const directories = new MetadataWriter(compressor, parallel)
  const tree = buildInodeTree(image, sources.xattrs)
  const offsets = new Array<number>(tree.count)
  const writeInode = (node: InodeNode): void => {
    node.offset = inodes.append(encodeInode(node, image.epoch, sources))
    offsets[node.number - 1] = node.offset
  }

  for (const level of tree.levels.toReversed()) {
    const folders = level.toReversed()
    for (const folder of folders) {
      for (const { node } of folder.names)
        if (node.home === folder && offsets[node.number - 1] === undefined) writeInode(node)
    }
    await inodes.flush()
    const listings = folders.map((folder) => appendListing(folder, inodes, directories))
    await directories.flush()
    for (const [at, folder] of folders.entries()) {
      folder.layout = layOut(folder, listings[at] as Listing, directories, tree)
    }
  }
  writeInode(tree.root)
  const inodeBlocks = await inodes.finish()
  const references = new Fields(tree.count * 8)
  for (const offset of offsets) references.u64(referenceOf(inodes.positionOf(offset)))
  return {
    inodeCount: tree.count,
    inodes: inodeBlocks,
    directories: await directories.finish(),
    references: references.finish(),
    rootReference: referenceOf(inodes.positionOf(tree.root.offset)),
  }
}

function encodeInode(node: InodeNode, time: number, { data, ids }: InodeSources): Uint8Array {
  const { entry, number, links, xattrs } = node
  const uid = ids.indexOf(entry.uid)
  const header: InodeHeader = { mode: entry.mode, uid, gid: ids.indexOf(entry.gid), time, number, links, xattrs }
  switch (entry.kind) {
    case 'directory':
      return encodeDirectoryInode(header, (node as DirectoryNode).layout as DirectoryLayout)
    case 'file':
      return encodeFileInode(header, data.layoutOf(entry.digest))
    case 'symlink':
      return encodeSymlinkInode(header, entry.target)
    case 'device':
      return encodeDeviceInode(header, entry)
    default:
      return encodeIpcInode(header, entry.kind)
  }
}

/** A listing in the unpacked directory table. */
interface Listing {
  readonly start: number
  readonly size: number
  /** Headers that the index names, by their offset in the listing. */
  readonly marks: readonly { readonly offset: number; readonly name: Uint8Array }[]
}

function appendListing(folder: DirectoryNode, inodes: MetadataWriter, table: MetadataWriter): Listing {
  const start = table.unpackedSize
  const { runs, isIndexed } = encodeFor(
    folder.names.map((name) => listed(name, inodes)),
    start,
  )
  const marks: { offset: number; name: Uint8Array }[] = []
  let block = blockOf(start)
  for (const { bytes, firstName } of runs) {
    const position = table.append(bytes)
    if (isIndexed && blockOf(position) !== block) marks.push({ offset: position - start, name: firstName })
    block = blockOf(position)
  }
  const size = table.unpackedSize - start
  if (size > MAX_LISTING) throw new MrrlError('E_IMAGE', `/${folder.entry.path} has too many entries for squashfs`)
  // Any part of the index will do; the kernel then reads on from the last entry before a name.
  const step = Math.ceil(marks.length / MAX_INDEX)
  return { start, size, marks: marks.filter((_, at) => at % step === 0) }
}

// An index pays where the kernel would otherwise unpack several blocks to find a name.
function encodeFor(entries: readonly ListedInode[], start: number): { runs: ListingRun[]; isIndexed: boolean } {
  const runs = encodeListing(entries, null)
  const isIndexed = runs.reduce((sum, run) => sum + run.bytes.length, 0) > METADATA_SIZE
  return { runs: isIndexed ? encodeListing(entries, start) : runs, isIndexed }
}

function blockOf(offset: number): number {
  return Math.floor(offset / METADATA_SIZE)
}

function layOut(folder: DirectoryNode, listing: Listing, table: MetadataWriter, tree: InodeTree): DirectoryLayout {
  const index: DirectoryIndex[] = listing.marks.map(({ offset, name }) => ({
    offset,
    block: table.positionOf(listing.start + offset).block,
    name,
  }))
  // Linux shows the root's parent as a number that no other inode has.
  const parent = folder.parent?.number ?? tree.count + 1
  return { position: table.positionOf(listing.start), size: listing.size, parent, index }
}

function listed({ path, node }: Name, inodes: MetadataWriter): ListedInode {
  const { entry, number } = node
  const name = Buffer.from(path.slice(path.lastIndexOf('/') + 1))
  const type = entry.kind === 'device' ? INODE_TYPES[entry.type] : INODE_TYPES[entry.kind]
  return { name, type, inode: inodes.positionOf(node.offset), number }
}
