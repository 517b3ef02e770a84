import type { Image, ImageEntry } from '../model/image.ts'
import type { Compressor } from './compressor.ts'
import type { DataWriter } from './data-writer.ts'
import { encodeListing, type ListedInode } from './directory-listing.ts'
import { Fields } from './fields.ts'
import type { IdTable } from './id-table.ts'
import {
  type DirectoryIndex,
  type DirectoryLayout,
  encodeDeviceInode,
  encodeDirectoryInode,
  encodeFileInode,
  encodeSymlinkInode,
  INODE_TYPES,
  type InodeHeader,
} from './inode.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { type MetadataPosition, MetadataWriter } from './metadata-writer.ts'

/** Inode table, directory table and what refers into them. */
export interface InodeTables {
  readonly inodes: readonly Uint8Array[]
  readonly directories: readonly Uint8Array[]
  /** Inode references in the order of the inode numbers: entries of the export table. */
  readonly references: readonly Uint8Array[]
  readonly rootReference: number
}

interface Node {
  readonly entry: ImageEntry
  readonly number: number
  readonly parent: number
  readonly children: Node[]
  position: MetadataPosition
  layout: DirectoryLayout | null
}

/** Writes inodes and listings: a folder's inodes side by side, before its listing and behind those of its folders. */
export async function encodeInodeTables(
  image: Image,
  data: DataWriter,
  ids: IdTable,
  compressor: Compressor,
): Promise<InodeTables> {
  const inodes = new MetadataWriter(compressor)
  const directories = new MetadataWriter(compressor)
  const nodes = numberNodes(image)
  const references = new Array<Uint8Array>(nodes.length)
  const writeInode = async (node: Node): Promise<number> => {
    node.position = await inodes.append(encodeInode(node, image.epoch, data, ids))
    const reference = node.position.block * 2 ** 16 + node.position.offset
    references[node.number - 1] = new Fields(8).u64(reference).finish()
    return reference
  }

  // Backwards, each folder comes behind everything that is in it.
  for (const node of nodes.toReversed()) {
    if (node.entry.kind !== 'directory') continue
    for (const child of node.children) await writeInode(child)
    // Linux shows the root's parent as a number that no other inode has.
    const parent = node.parent === 0 ? nodes.length + 1 : node.parent
    node.layout = await writeListing(node, parent, directories)
  }
  const rootReference = await writeInode(nodes[0] as Node)
  return {
    inodes: await inodes.finish(),
    directories: await directories.finish(),
    references,
    rootReference,
  }
}

/** Numbers the children of a folder one after the other, so that the differences in its listing are small. */
function numberNodes(image: Image): Node[] {
  const folders = new Map<string, ImageEntry[]>()
  for (const entry of image.entries) {
    if (entry.kind === 'directory') folders.set(entry.path, [])
    if (entry.path === '') continue
    folders.get(entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0)))?.push(entry)
  }
  const nowhere = { block: 0, offset: 0 }
  const root = image.entries[0] as ImageEntry
  const nodes: Node[] = [{ entry: root, number: 1, parent: 0, children: [], position: nowhere, layout: null }]
  for (const node of nodes) {
    for (const entry of folders.get(node.entry.path) ?? []) {
      const child: Node = {
        entry,
        number: nodes.length + 1,
        parent: node.number,
        children: [],
        position: nowhere,
        layout: null,
      }
      nodes.push(child)
      node.children.push(child)
    }
  }
  return nodes
}

function encodeInode(node: Node, time: number, data: DataWriter, ids: IdTable): Uint8Array {
  const { entry, number } = node
  const uid = ids.indexOf(entry.uid)
  const header: InodeHeader = { mode: entry.mode, uid, gid: ids.indexOf(entry.gid), time, number }
  if (entry.kind === 'file') return encodeFileInode(header, data.layoutOf(entry.digest))
  if (entry.kind === 'symlink') return encodeSymlinkInode(header, entry.target)
  if (entry.kind === 'device') return encodeDeviceInode(header, entry)
  return encodeDirectoryInode(header, node.layout as DirectoryLayout)
}

async function writeListing(node: Node, parent: number, table: MetadataWriter): Promise<DirectoryLayout> {
  const entries = node.children.map(listed)
  let runs = encodeListing(entries, null)
  const plainSize = runs.reduce((sum, run) => sum + run.bytes.length, 0)
  // An index pays where the kernel would otherwise unpack several blocks to find a name.
  const isIndexed = plainSize > METADATA_SIZE
  const position = await table.position()
  if (isIndexed) runs = encodeListing(entries, position.offset)

  const index: DirectoryIndex[] = []
  let block = position.block
  let size = 0
  for (const run of runs) {
    const start = await table.append(run.bytes)
    if (isIndexed && start.block !== block) index.push({ offset: size, block: start.block, name: run.firstName })
    block = start.block
    size += run.bytes.length
  }
  const links = 2 + node.children.filter(({ entry }) => entry.kind === 'directory').length
  return { position, size, links, parent, index }
}

function listed({ entry, position, number }: Node): ListedInode {
  const name = Buffer.from(entry.path.slice(entry.path.lastIndexOf('/') + 1))
  const type = entry.kind === 'device' ? INODE_TYPES[entry.type] : INODE_TYPES[entry.kind]
  return { name, type, inode: position, number }
}
