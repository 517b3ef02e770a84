import { packDevice, unpackDevice } from '../model/device-number.ts'
import { damaged } from './damaged.ts'
import { Fields, NO_INDEX, readU64 } from './fields.ts'
import type { MetadataPosition } from './metadata-writer.ts'

/** Kinds of inodes, as they also stand in directory entries; an extended inode has the number plus 7. */
export const INODE_TYPES = { directory: 1, file: 2, symlink: 3, block: 4, char: 5, fifo: 6, socket: 7 } as const

const EXTENDED = 7
const HEADER_SIZE = 16
const MAX_UINT32 = 2 ** 32 - 1
const MAX_UINT16 = 2 ** 16 - 1
/** A directory's size counts three bytes that are not there: `.` and `..` in the kernel's reckoning. */
const EMPTY_DIRECTORY_SIZE = 3

/** What all inodes have; the links and the extended attributes stand at different places in them. */
export interface InodeHeader {
  readonly mode: number
  /** Indices into the id table. */
  readonly uid: number
  readonly gid: number
  readonly time: number
  /** From 1 on. */
  readonly number: number
  /** Names of the inode; for a directory 2 and one per directory in it. */
  readonly links: number
  /** Index into the table of extended attributes, or null. */
  readonly xattrs: number | null
}

/** Where the content of a file is. */
export interface FileLayout {
  readonly size: number
  /** Position of the first block in the image. */
  readonly start: number
  /** Per block its stored size, with bit 24 for stored ones; 0 for a block of zeros, which is not there. */
  readonly blocks: ArrayLike<number>
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
  readonly parent: number
  /** At most 65535. */
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

/** Regular file; the basic form has 32-bit fields, one link and no extended attributes. */
export function encodeFileInode(header: InodeHeader, file: FileLayout): Uint8Array {
  const fragment = file.fragment ?? NO_INDEX
  const fitsBasic = file.size <= MAX_UINT32 && file.start <= MAX_UINT32 && file.sparse === 0
  if (fitsBasic && header.links === 1 && header.xattrs === null) {
    return begin(INODE_TYPES.file, header, 16 + file.blocks.length * 4)
      .u32(file.start, fragment, file.offset, file.size)
      .u32List(file.blocks)
      .finish()
  }
  return begin(INODE_TYPES.file + EXTENDED, header, 40 + file.blocks.length * 4)
    .u64(file.start, file.size, file.sparse)
    .u32(header.links, fragment, file.offset, header.xattrs ?? NO_INDEX)
    .u32List(file.blocks)
    .finish()
}

/** Directory; the extended form when it has an index, a long listing or extended attributes. */
export function encodeDirectoryInode(header: InodeHeader, directory: DirectoryLayout): Uint8Array {
  const { position, parent, index } = directory
  const size = directory.size + EMPTY_DIRECTORY_SIZE
  if (size <= MAX_UINT16 && index.length === 0 && header.xattrs === null) {
    return begin(INODE_TYPES.directory, header, 16)
      .u32(position.block, header.links)
      .u16(size, position.offset)
      .u32(parent)
      .finish()
  }
  const indexSize = index.reduce((sum, entry) => sum + 12 + entry.name.length, 0)
  const fields = begin(INODE_TYPES.directory + EXTENDED, header, 24 + indexSize)
    .u32(header.links, size, position.block, parent)
    .u16(index.length, position.offset)
    .u32(header.xattrs ?? NO_INDEX)
  for (const { offset, block, name } of index) fields.u32(offset, block, name.length - 1).bytes(name)
  return fields.finish()
}

/** Symbolic link. */
export function encodeSymlinkInode(header: InodeHeader, target: string): Uint8Array {
  const bytes = Buffer.from(target)
  return simple(INODE_TYPES.symlink, header, 4 + bytes.length, (fields) => fields.u32(bytes.length).bytes(bytes))
}

/** Device. */
export function encodeDeviceInode(
  header: InodeHeader,
  device: { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number },
): Uint8Array {
  return simple(INODE_TYPES[device.type], header, 4, (fields) => fields.u32(packDevice(device)))
}

/** Named pipe or socket. */
export function encodeIpcInode(header: InodeHeader, kind: 'fifo' | 'socket'): Uint8Array {
  return simple(INODE_TYPES[kind], header, 0, (fields) => fields)
}

// The extended form of these has the extended attributes behind all else, and nothing more.
function simple(type: number, header: InodeHeader, size: number, body: (fields: Fields) => Fields): Uint8Array {
  if (header.xattrs === null) return body(begin(type, header, 4 + size).u32(header.links)).finish()
  return body(begin(type + EXTENDED, header, 8 + size).u32(header.links))
    .u32(header.xattrs)
    .finish()
}

function begin(type: number, header: InodeHeader, bodySize: number): Fields {
  return new Fields(HEADER_SIZE + bodySize)
    .u16(type, header.mode, header.uid, header.gid)
    .u32(header.time, header.number)
}

/** What a reader finds in an inode; lists stand behind the bytes that {@link inodeSize} counts. */
export type FoundInode = InodeHeader &
  (
    | ({ readonly kind: 'directory' } & FoundDirectory)
    | ({ readonly kind: 'file' } & FoundFile)
    | { readonly kind: 'symlink'; readonly target: Buffer }
    | { readonly kind: 'block' | 'char'; readonly major: number; readonly minor: number }
    | { readonly kind: 'fifo' | 'socket' }
  )

/** A directory without its index. */
export interface FoundDirectory {
  readonly position: MetadataPosition
  /** Bytes of the listing. */
  readonly size: number
  readonly parent: number
  readonly indexCount: number
}

/** A file without its list of blocks. */
export type FoundFile = Omit<FileLayout, 'blocks' | 'sparse'>

/** Basic kinds by their numbers. */
export const INODE_KINDS = ['', 'directory', 'file', 'symlink', 'block', 'char', 'fifo', 'socket'] as const

/** Bytes of each kind without what has no fixed size: basic kinds from 1 on, then the extended ones. */
const FIXED_SIZES = [0, 32, 32, 24, 24, 24, 20, 20, 40, 56, 24, 28, 28, 24, 24] as const
const SYMLINK = INODE_TYPES.symlink
const MAX_TARGET = 4095
const MAX_MODE = 0o7777

/**
 * Bytes of the inode that begins with `bytes`, without a file's list of blocks and a directory's index; as far as they
 * can be told from what is there, so ask again with more. Throws `E_ARCHIVE` for an unknown kind.
 * @param offset where the inode is, for the error
 */
export function inodeSize(bytes: Buffer, offset: number): number {
  if (bytes.length < 2) return HEADER_SIZE
  const type = bytes.readUInt16LE(0)
  const size = FIXED_SIZES[type]
  if (size === undefined || type === 0) throw damaged(`an inode of the unknown kind ${type}`, offset)
  if (type !== SYMLINK && type !== SYMLINK + EXTENDED) return size
  if (bytes.length < size) return size
  const length = bytes.readUInt32LE(20)
  if (length === 0 || length > MAX_TARGET) throw damaged(`a symbolic link with a target of ${length} bytes`, offset)
  return size + length + (type === SYMLINK ? 0 : 4)
}

/** Reads an inode of which at least {@link inodeSize} bytes are there; throws `E_ARCHIVE` on impossible values. */
export function decodeInode(bytes: Buffer, offset: number): FoundInode {
  const type = bytes.readUInt16LE(0)
  const isExtended = type > EXTENDED
  const kind = INODE_KINDS[isExtended ? type - EXTENDED : type]
  const mode = bytes.readUInt16LE(2)
  if (mode > MAX_MODE) throw damaged(`an inode with the mode ${mode.toString(8)}`, offset)
  const header = (links: number, xattrsAt: number): InodeHeader => {
    const xattrs = isExtended ? bytes.readUInt32LE(xattrsAt) : NO_INDEX
    return {
      mode,
      uid: bytes.readUInt16LE(4),
      gid: bytes.readUInt16LE(6),
      time: bytes.readUInt32LE(8),
      number: bytes.readUInt32LE(12),
      links,
      xattrs: xattrs === NO_INDEX ? null : xattrs,
    }
  }
  if (kind === 'directory') return { kind, ...decodeDirectory(bytes, isExtended, header) }
  if (kind === 'file') return { kind, ...decodeFile(bytes, isExtended, header) }
  const links = bytes.readUInt32LE(16)
  if (kind === 'symlink') {
    const end = 24 + bytes.readUInt32LE(20)
    return { kind, ...header(links, end), target: bytes.subarray(24, end) }
  }
  if (kind === 'block' || kind === 'char') {
    return { kind, ...header(links, 24), ...unpackDevice(bytes.readUInt32LE(20)) }
  }
  if (kind === 'fifo' || kind === 'socket') return { kind, ...header(links, 20) }
  throw damaged(`an inode of the unknown kind ${type}`, offset)
}

type HeaderOf = (links: number, xattrsAt: number) => InodeHeader

function decodeDirectory(bytes: Buffer, isExtended: boolean, header: HeaderOf): InodeHeader & FoundDirectory {
  if (isExtended) {
    return {
      ...header(bytes.readUInt32LE(16), 36),
      size: listingSize(bytes.readUInt32LE(20)),
      position: { block: bytes.readUInt32LE(24), offset: bytes.readUInt16LE(34) },
      parent: bytes.readUInt32LE(28),
      indexCount: bytes.readUInt16LE(32),
    }
  }
  return {
    ...header(bytes.readUInt32LE(20), 0),
    size: listingSize(bytes.readUInt16LE(24)),
    position: { block: bytes.readUInt32LE(16), offset: bytes.readUInt16LE(26) },
    parent: bytes.readUInt32LE(28),
    indexCount: 0,
  }
}

/** The kernel takes all sizes up to that of an empty directory for empty. */
function listingSize(size: number): number {
  return Math.max(0, size - EMPTY_DIRECTORY_SIZE)
}

function decodeFile(bytes: Buffer, isExtended: boolean, header: HeaderOf): InodeHeader & FoundFile {
  const at = isExtended ? 44 : 20
  const fragment = bytes.readUInt32LE(at)
  return {
    ...(isExtended ? header(bytes.readUInt32LE(40), 52) : header(1, 0)),
    start: isExtended ? readU64(bytes, 16) : bytes.readUInt32LE(16),
    size: isExtended ? readU64(bytes, 24) : bytes.readUInt32LE(28),
    fragment: fragment === NO_INDEX ? null : fragment,
    offset: bytes.readUInt32LE(at + 4),
  }
}

/** Bytes of an index entry without its name. */
export const INDEX_ENTRY_SIZE = 12

/** Reads an index entry without its name, and the length of that. */
export function decodeIndexEntry(bytes: Buffer): Omit<DirectoryIndex, 'name'> & { readonly nameLength: number } {
  return { offset: bytes.readUInt32LE(0), block: bytes.readUInt32LE(4), nameLength: bytes.readUInt32LE(8) + 1 }
}
