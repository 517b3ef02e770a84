import { checkImage } from '../model/check-image.ts'
import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageSink, Inode } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import { BlockQueue } from './block-queue.ts'
import { type Compression, openCompressor } from './compression.ts'
import type { Compressor } from './compressor.ts'
import { DataWriter } from './data-writer.ts'
import { IdTable } from './id-table.ts'
import { encodeInodeTables } from './inode-tables.ts'
import { encodeLookupTable } from './lookup-table.ts'
import { encodeMetadataBlock } from './metadata-block.ts'
import { encodeSuperblock, FLAGS, SUPERBLOCK_SIZE } from './superblock.ts'
import { encodeXattrHeader } from './xattr-entry.ts'
import { XattrWriter } from './xattr-writer.ts'

/** Settings of {@link writeSquashfs}. */
export interface SquashfsOptions {
  readonly compression: Compression
  /** A power of two from 4096 to 1048576 bytes. */
  readonly blockSize: number
  /** Whether what remains after the last whole block of a file shares a block with others. */
  readonly fragments: boolean
  /** Whether there is a table from inode numbers to inodes, which serving the image by NFS needs. */
  readonly exportable: boolean
  /** Blocks packed at once, at least 1; the bytes do not depend on it. */
  readonly parallel: number
}

/** Loop devices and some boot loaders read whole pages. */
const PADDING = 4096
/** The branch filter takes only words at multiples of four for instructions. */
const ARM64_INSTRUCTION = 4
const MIN_BLOCK = 4096
const MAX_BLOCK = 2 ** 20

/**
 * Writes a squashfs 4.0 file system, in which equal files, equal runs of blocks and equal tails are stored once.
 * Throws `E_IMAGE` for what the format cannot hold, and `E_STORE_CORRUPT` for a file that has not the size of its
 * digest. Memory: about four blocks per block packed at once, 8 MiB of files read ahead, and per entry about 300 bytes.
 */
export async function writeSquashfs(
  image: Image,
  blobs: BlobReader,
  sink: ImageSink,
  options: SquashfsOptions,
): Promise<void> {
  checkImage(image)
  const { blockSize, parallel } = options
  if (!Number.isInteger(Math.log2(blockSize)) || blockSize < MIN_BLOCK || blockSize > MAX_BLOCK) {
    throw new MrrlError('E_IMAGE', `squashfs has no block size of ${blockSize} bytes`)
  }
  const compressor = openCompressor(options.compression, blockSize)
  await sink.write(new Uint8Array(SUPERBLOCK_SIZE))
  if (compressor.options !== null) {
    await sink.write(encodeMetadataBlock({ bytes: compressor.options, isCompressed: false }))
  }

  const data = await writeData(image, blobs, sink, options, compressor)
  const xattrs = new XattrWriter(compressor, parallel)
  const xattrIndices = new Map<Inode, number>()
  for (const entry of image.entries) {
    if (entry.kind === 'hardlink' || entry.xattrs.length === 0) continue
    xattrIndices.set(entry, await xattrs.indexOf(entry.xattrs))
  }
  const ids = new IdTable()
  const tables = await encodeInodeTables(image, { data, ids, xattrs: xattrIndices }, compressor, parallel)

  // The kernel insists on this order, without gaps.
  const inodeTable = await writeBlocks(tables.inodes)
  const directoryTable = await writeBlocks(tables.directories)
  const fragmentTable = await writeLookupTable(data.encodeFragments())
  const exportTable = options.exportable ? await writeLookupTable(tables.references) : null
  const idTable = await writeLookupTable(ids.encode())
  const xattrTable = xattrs.count > 0 ? await writeXattrs() : null
  const bytesUsed = sink.size
  await sink.write(new Uint8Array((PADDING - (bytesUsed % PADDING)) % PADDING))

  const superblock = encodeSuperblock({
    inodeCount: tables.inodeCount,
    modificationTime: image.epoch,
    blockSize,
    fragmentCount: data.fragmentCount,
    compressor: compressor.id,
    flags:
      FLAGS.duplicates |
      (data.fragmentCount > 0 ? FLAGS.alwaysFragments : FLAGS.noFragments) |
      (options.exportable ? FLAGS.exportable : 0) |
      (xattrs.count > 0 ? 0 : FLAGS.noXattrs) |
      (compressor.options === null ? 0 : FLAGS.compressorOptions),
    idCount: ids.count,
    rootInode: tables.rootReference,
    bytesUsed,
    idTable,
    xattrTable,
    inodeTable,
    directoryTable,
    fragmentTable,
    exportTable,
  })
  await sink.patch(0, superblock)

  async function writeBlocks(blocks: readonly Uint8Array[]): Promise<number> {
    const start = sink.size
    for (const block of blocks) await sink.write(block)
    return start
  }

  async function writeLookupTable(content: Uint8Array, header: Uint8Array = new Uint8Array(0)): Promise<number> {
    const { blocks, list } = await encodeLookupTable(content, sink.size, compressor, parallel)
    await writeBlocks(blocks)
    return writeBlocks([header, list])
  }

  async function writeXattrs(): Promise<number> {
    const start = await writeBlocks(await xattrs.finish())
    return writeLookupTable(xattrs.encodeSets(), encodeXattrHeader(start, xattrs.count))
  }
}

async function writeData(
  image: Image,
  blobs: BlobReader,
  sink: ImageSink,
  options: SquashfsOptions,
  compressor: Compressor,
): Promise<DataWriter> {
  const { blockSize, compression, fragments, parallel } = options
  const isArm = compression.method === 'xz' && compression.branchFilter === 'arm64'
  const data = new DataWriter(new BlockQueue(sink, compressor, parallel), blobs, {
    blockSize,
    fragments,
    alignment: isArm ? ARM64_INSTRUCTION : 1,
  })
  await data.writeAll(filesInOrder(image, blockSize))
  return data
}

// The tails of large files are like each other, and so are small files: where fragments are small, they pack better
// apart. In the largest blocks it is better that what lies side by side in the image stays together (both measured).
function filesInOrder(image: Image, blockSize: number): ReadonlySet<Digest> {
  const digests = new Set<Digest>()
  const small = new Set<Digest>()
  for (const entry of image.entries) {
    if (entry.kind !== 'file') continue
    const isSmall = blockSize < MAX_BLOCK && sizeOf(entry.digest) < blockSize
    if (isSmall) small.add(entry.digest)
    else digests.add(entry.digest)
  }
  for (const digest of small) digests.add(digest)
  return digests
}
