import { Fields, NO_TABLE } from './fields.ts'

/** Bytes of the superblock, at the start of the image. */
export const SUPERBLOCK_SIZE = 96

const MAGIC = 0x73717368
const VERSION_MAJOR = 4
const VERSION_MINOR = 0

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
  /** See `MetadataWriter.reference`. */
  readonly rootInode: number
  /** Bytes without the padding at the end. */
  readonly bytesUsed: number
  readonly idTable: number
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
    .u64(superblock.rootInode, superblock.bytesUsed, superblock.idTable, NO_TABLE)
    .u64(superblock.inodeTable, superblock.directoryTable, superblock.fragmentTable)
    .u64(superblock.exportTable ?? NO_TABLE)
    .finish()
}
