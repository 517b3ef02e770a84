import { Fields, NO_INDEX } from './fields.ts'
import type { MetadataPosition } from './metadata-writer.ts'

/** Kinds of inodes, as they also stand in directory entries; an extended inode has the number plus 7. */
export const INODE_TYPES = { directory: 1, file: 2, symlink: 3, block: 4, char: 5 } as const

const EXTENDED = 7
const HEADER_SIZE = 16
const MAX_UINT32 = 2 ** 32 - 1
const MAX_UINT16 = 2 ** 16 - 1
/** A directory's size counts three bytes that are not there: `.` and `..` in the kernel's reckoning. */
const EMPTY_DIRECTORY_SIZE = 3

/** What all inodes begin with. */
export interface InodeHeader {
  readonly mode: number
  /** Indices into the id table. */
  readonly uid: number
  readonly gid: number
  readonly time: number
  /** From 1 on. */
  readonly number: number
}

/** Where the content of a file is. */
export interface FileLayout {
  readonly size: number
  /** Position of the first block in the image. */
  readonly start: number
  /** Per block its stored size, with bit 24 for stored ones; 0 for a block of zeros, which is not there. */
  readonly blocks: readonly number[]
  /** Bytes in blocks of zeros. */
  readonly sparse: number
  /** Index of the fragment that holds the tail, or null. */
  readonly fragment: number | null
  /** Offset of the tail in its fragment. */
  readonly offset: number
}

/** Where the entries of a directory are. */
export interface DirectoryLayout {
  readonly position: MetadataPosition
  /** Bytes of the listing. */
  readonly size: number
  /** 2 and one per folder in it. */
  readonly links: number
  readonly parent: number
  readonly index: readonly DirectoryIndex[]
}

/** One place in a long listing, so that the kernel need not read all of it. */
export interface DirectoryIndex {
  /** Offset in the listing where a header stands. */
  readonly offset: number
  /** Metadata block of that header. */
  readonly block: number
  /** First name below that header. */
  readonly name: Uint8Array
}

/** Regular file; the basic form where its 32 bits suffice. */
export function encodeFileInode(header: InodeHeader, file: FileLayout): Uint8Array {
  const fragment = file.fragment ?? NO_INDEX
  const isBasic = file.size <= MAX_UINT32 && file.start <= MAX_UINT32 && file.sparse === 0
  if (isBasic) {
    return begin(INODE_TYPES.file, header, 16 + file.blocks.length * 4)
      .u32(file.start, fragment, file.offset, file.size)
      .u32List(file.blocks)
      .finish()
  }
  const links = 1
  return begin(INODE_TYPES.file + EXTENDED, header, 40 + file.blocks.length * 4)
    .u64(file.start, file.size, file.sparse)
    .u32(links, fragment, file.offset, NO_INDEX)
    .u32List(file.blocks)
    .finish()
}

/** Directory; the extended form when it has an index or a long listing. */
export function encodeDirectoryInode(header: InodeHeader, directory: DirectoryLayout): Uint8Array {
  const { position, links, parent, index } = directory
  const size = directory.size + EMPTY_DIRECTORY_SIZE
  if (size <= MAX_UINT16 && index.length === 0) {
    return begin(INODE_TYPES.directory, header, 16)
      .u32(position.block, links)
      .u16(size, position.offset)
      .u32(parent)
      .finish()
  }
  const indexSize = index.reduce((sum, entry) => sum + 12 + entry.name.length, 0)
  const fields = begin(INODE_TYPES.directory + EXTENDED, header, 24 + indexSize)
    .u32(links, size, position.block, parent)
    .u16(index.length, position.offset)
    .u32(NO_INDEX)
  for (const { offset, block, name } of index) fields.u32(offset, block, name.length - 1).bytes(name)
  return fields.finish()
}

/** Symbolic link. */
export function encodeSymlinkInode(header: InodeHeader, target: string): Uint8Array {
  const bytes = Buffer.from(target)
  const links = 1
  return begin(INODE_TYPES.symlink, header, 8 + bytes.length)
    .u32(links, bytes.length)
    .bytes(bytes)
    .finish()
}

/** Device; the number is packed as Linux does since 2.6: 12 bits of major between 8 and 12 bits of minor. */
export function encodeDeviceInode(
  header: InodeHeader,
  device: { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number },
): Uint8Array {
  const links = 1
  const number = ((device.minor & 0xff) | (device.major << 8) | ((device.minor & 0xfff00) << 12)) >>> 0
  return begin(INODE_TYPES[device.type], header, 8).u32(links, number).finish()
}

function begin(type: number, header: InodeHeader, bodySize: number): Fields {
  return new Fields(HEADER_SIZE + bodySize)
    .u16(type, header.mode, header.uid, header.gid)
    .u32(header.time, header.number)
}
