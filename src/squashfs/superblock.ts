import { damaged } from './damaged.ts'
import { Fields, NO_INDEX, readU64 } from './fields.ts'

/** Bytes of the superblock, at the start of the image. */
export const SUPERBLOCK_SIZE = 96

const MAGIC = 0x73717368
/** The magic of images of the other byte order, which exist up to version 3. */
const MAGIC_BIG_ENDIAN = 0x68737173
const VERSION_MAJOR = 4
const VERSION_MINOR = 0
const MIN_BLOCK = 2 ** 12
const MAX_BLOCK = 2 ** 20

/** Bits of the flags field that this writer sets. */
export const FLAGS = {
  noFragments: 0x0010,
  alwaysFragments: 0x0020,
  duplicates: 0x0040,
  exportable: 0x0080,
  noXattrs: 0x0200,
  compressorOptions: 0x0400,
} as const

/** What the superblock says; positions are bytes from the start of the image. */
export interface Superblock {
  readonly inodeCount: number
  /** Seconds since 1970, unsigned 32 bits. */
  readonly modificationTime: number
  readonly blockSize: number
  readonly fragmentCount: number
  readonly compressor: number
  readonly flags: number
  readonly idCount: number
  /** Reference of the root: metadata block times 65536 plus offset. */
  readonly rootInode: number
  /** Bytes without the padding at the end. */
  readonly bytesUsed: number
  readonly idTable: number
  /** Null for an image without extended attributes. */
  readonly xattrTable: number | null
  readonly inodeTable: number
  readonly directoryTable: number
  readonly fragmentTable: number
  /** Null for an image without one. */
  readonly exportTable: number | null
}

/** Superblock (`docs/formats/squashfs.md`, section 1). */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  return new Fields(SUPERBLOCK_SIZE)
    .u32(MAGIC, superblock.inodeCount, superblock.modificationTime, superblock.blockSize, superblock.fragmentCount)
    .u16(superblock.compressor, Math.log2(superblock.blockSize), superblock.flags, superblock.idCount)
    .u16(VERSION_MAJOR, VERSION_MINOR)
    .u64(superblock.rootInode, superblock.bytesUsed, superblock.idTable)
    .position(superblock.xattrTable)
    .u64(superblock.inodeTable, superblock.directoryTable, superblock.fragmentTable)
    .position(superblock.exportTable)
    .finish()
}

/** Reads a superblock; throws `E_ARCHIVE` when it is none of squashfs 4.0 or its own fields do not fit together. */
export function decodeSuperblock(bytes: Buffer): Superblock {
  const magic = bytes.readUInt32LE(0)
  if (magic === MAGIC_BIG_ENDIAN) throw damaged('a big-endian image of version 3 or older', 0)
  if (magic !== MAGIC) throw damaged('not a squashfs image', 0)
  const [major, minor] = [bytes.readUInt16LE(28), bytes.readUInt16LE(30)]
  if (major !== VERSION_MAJOR || minor !== VERSION_MINOR) {
    throw damaged(`version ${major}.${minor}; only ${VERSION_MAJOR}.${VERSION_MINOR} is read`, 28)
  }
  const blockSize = bytes.readUInt32LE(12)
  if (blockSize < MIN_BLOCK || blockSize > MAX_BLOCK || blockSize !== 2 ** bytes.readUInt16LE(22)) {
    throw damaged(`a block size of ${blockSize} bytes`, 12)
  }
  const position = (at: number): number | null => {
    const isAbsent = bytes.readUInt32LE(at) === NO_INDEX && bytes.readUInt32LE(at + 4) === NO_INDEX
    return isAbsent ? null : readU64(bytes, at)
  }
  return {
    inodeCount: bytes.readUInt32LE(4),
    modificationTime: bytes.readUInt32LE(8),
    blockSize,
    fragmentCount: bytes.readUInt32LE(16),
    compressor: bytes.readUInt16LE(20),
    flags: bytes.readUInt16LE(24),
    idCount: bytes.readUInt16LE(26),
    rootInode: readU64(bytes, 32),
    bytesUsed: readU64(bytes, 40),
    idTable: readU64(bytes, 48),
    xattrTable: position(56),
    inodeTable: readU64(bytes, 64),
    directoryTable: readU64(bytes, 72),
    fragmentTable: readU64(bytes, 80),
    exportTable: position(88),
  }
}
