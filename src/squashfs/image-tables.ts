import { isUtf8 } from 'node:buffer'
import type { Xattr } from '../model/image.ts'
import type { ImageMember, RandomAccess } from '../model/image-reader.ts'
import { damaged } from './damaged.ts'
import { DataReader } from './data-reader.ts'
import type { Decompressor } from './decompressor.ts'
import { decodeInode, type FoundInode, inodeSize } from './inode.ts'
import { Budget, type SquashfsLimits, tooMuch } from './limits.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { MetadataTable } from './metadata-table.ts'
import type { MetadataPosition } from './metadata-writer.ts'
import type { Superblock } from './superblock.ts'
import type { TableLayout, XattrLayout } from './table-layout.ts'
import { decodeXattrSet, readXattrs, XATTR_SET_SIZE } from './xattr-reader.ts'

/** What {@link ImageTables.open} needs. */
export interface OpenedImage {
  readonly source: RandomAccess
  readonly superblock: Superblock
  readonly decompressor: Decompressor
  readonly layout: TableLayout
  readonly limits: SquashfsLimits
}

/** An inode, and where the list behind its fixed part begins. */
export interface LocatedInode {
  readonly inode: FoundInode
  readonly list: MetadataPosition
}

/** An entry that is an inode of its own. */
export type InodeMember = Exclude<ImageMember, { kind: 'hardlink' }>

const NONE: readonly Xattr[] = []
/** Sets of attributes that stay decoded: many files have the same. */
const MOST_SETS = 256

/** The tables of an opened image, and what inodes in them mean. */
export class ImageTables {
  readonly superblock: Superblock
  readonly limits: SquashfsLimits
  readonly inodes: MetadataTable
  readonly directories: MetadataTable
  readonly #ids: readonly number[]
  readonly #data: DataReader
  readonly #xattrs: XattrTables | null

  private constructor(image: OpenedImage, inodes: MetadataTable, ids: readonly number[]) {
    const { source, superblock, decompressor, layout, limits } = image
    const { directories, fragments } = layout
    this.superblock = superblock
    this.limits = limits
    this.inodes = inodes
    this.directories = new MetadataTable(source, decompressor, directories.start, directories.end)
    this.#ids = ids
    this.#data = new DataReader({ source, superblock, decompressor, inodes, fragments, limits })
    this.#xattrs = layout.xattrs === null ? null : new XattrTables(image, layout.xattrs)
  }

  static async open(image: OpenedImage): Promise<ImageTables> {
    const { source, decompressor, layout, limits } = image
    const inodes = new MetadataTable(source, decompressor, layout.inodes.start, layout.inodes.end)
    return new ImageTables(image, inodes, await readIds(image, new Budget(limits)))
  }

  /** The inode at a position when it is at hand, so that most reads need not wait. */
  cachedInode(position: MetadataPosition): LocatedInode | null {
    const block = this.inodes.cached(position.block)
    if (block === null || position.offset >= block.bytes.length) return null
    const bytes = block.bytes.subarray(position.offset)
    const offset = this.inodes.start + position.block
    const size = inodeSize(bytes, offset)
    if (size > bytes.length) return null
    const end = position.offset + size
    const list = end < block.bytes.length ? { block: position.block, offset: end } : { block: block.next, offset: 0 }
    return { inode: this.#checked(decodeInode(bytes, offset), offset), list }
  }

  /** The inode at a position; throws `E_ARCHIVE` when there is none. */
  async inode(position: MetadataPosition, budget: Budget): Promise<LocatedInode> {
    const offset = this.inodes.start + position.block
    const block = await this.inodes.load(position.block, budget)
    if (position.offset >= block.bytes.length) throw damaged('an inode behind the end of its block', offset)
    const cached = this.cachedInode(position)
    if (cached !== null) return cached
    let bytes = block.bytes.subarray(position.offset)
    for (;;) {
      const size = inodeSize(bytes, offset)
      const slice = await this.inodes.read(position, size, budget)
      bytes = slice.bytes
      if (inodeSize(bytes, offset) === size) {
        return { inode: this.#checked(decodeInode(bytes, offset), offset), list: slice.next }
      }
    }
  }

  /** The extended attributes of an inode, without waiting where it has none. */
  xattrs({ inode }: LocatedInode, budget: Budget): readonly Xattr[] | Promise<readonly Xattr[]> {
    if (inode.xattrs === null) return NONE
    if (this.#xattrs === null) throw damaged('extended attributes without a table of them', 56)
    return this.#xattrs.read(inode.xattrs, budget)
  }

  /** What an inode is under a name. */
  member({ inode, list }: LocatedInode, path: string, xattrs: readonly Xattr[], budget: Budget): InodeMember {
    const owned = {
      path,
      mode: inode.mode,
      uid: this.#ids[inode.uid] as number,
      gid: this.#ids[inode.gid] as number,
      mtime: inode.time,
      xattrs,
    }
    switch (inode.kind) {
      case 'file':
        budget.bytes(inode.size)
        return { kind: 'file', ...owned, size: inode.size, content: () => this.#data.read(inode, list) }
      case 'symlink':
        return { kind: 'symlink', ...owned, target: inode.target.toString() }
      case 'block':
      case 'char':
        return { kind: 'device', ...owned, type: inode.kind, major: inode.major, minor: inode.minor }
      default:
        return { kind: inode.kind, ...owned }
    }
  }

  #checked(inode: FoundInode, offset: number): FoundInode {
    const { inodeCount, fragmentCount } = this.superblock
    const at = { number: inode.number }
    if (inode.number === 0 || inode.number > inodeCount) throw damaged('an inode number out of range', offset, at)
    if (inode.uid >= this.#ids.length || inode.gid >= this.#ids.length) throw damaged('an id out of range', offset, at)
    if (inode.kind === 'symlink' && (!isUtf8(inode.target) || inode.target.includes(0))) {
      throw damaged('a symbolic link with an impossible target', offset, at)
    }
    if (inode.kind === 'file') {
      if (inode.size > this.limits.bytes) throw tooMuch('bytes', this.limits)
      if (inode.fragment !== null && inode.fragment >= fragmentCount) {
        throw damaged(`fragment ${inode.fragment} of ${fragmentCount}`, offset, at)
      }
    }
    return inode
  }
}

/** Extended attributes by the index that inodes have. */
class XattrTables {
  readonly #layout: XattrLayout
  readonly #sets: MetadataTable
  readonly #setsStart: number
  readonly #content: MetadataTable
  readonly #known = new Map<number, readonly Xattr[]>()

  constructor({ source, decompressor }: OpenedImage, layout: XattrLayout) {
    this.#layout = layout
    this.#setsStart = layout.ids.blocks[0] ?? layout.ids.end
    this.#sets = new MetadataTable(source, decompressor, this.#setsStart, layout.ids.end)
    this.#content = new MetadataTable(source, decompressor, layout.content.start, layout.content.end)
  }

  async read(index: number, budget: Budget): Promise<readonly Xattr[]> {
    const known = this.#known.get(index)
    if (known !== undefined) return known
    if (index >= this.#layout.count) {
      throw damaged(`extended attributes ${index} of ${this.#layout.count}`, this.#setsStart)
    }
    const perBlock = METADATA_SIZE / XATTR_SET_SIZE
    const block = (this.#layout.ids.blocks[Math.floor(index / perBlock)] as number) - this.#setsStart
    const position = { block, offset: (index % perBlock) * XATTR_SET_SIZE }
    const { bytes } = await this.#sets.read(position, XATTR_SET_SIZE, budget)
    const xattrs = await readXattrs(this.#content, decodeXattrSet(bytes), budget)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MOST_SETS) break
      this.#known.delete(oldest)
    }
    this.#known.set(index, xattrs)
    return xattrs
  }
}

async function readIds({ source, superblock, decompressor, layout }: OpenedImage, budget: Budget): Promise<number[]> {
  const { blocks, end } = layout.ids
  const start = blocks[0] ?? end
  const table = new MetadataTable(source, decompressor, start, end)
  const ids: number[] = []
  for (const block of blocks) {
    const { bytes } = await table.load(block - start, budget)
    for (let at = 0; at + 4 <= bytes.length && ids.length < superblock.idCount; at += 4)
      ids.push(bytes.readUInt32LE(at))
  }
  if (ids.length < superblock.idCount) throw damaged(`${ids.length} ids where ${superblock.idCount} are due`, start)
  return ids
}
