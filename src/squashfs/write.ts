import { checkImage } from '../model/check-image.ts'
import type { BlobReader, BranchFilter, Image, ImageSink } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import { BlockQueue } from './block-queue.ts'
import { gzipCompressor, xzCompressor } from './compressor.ts'
import { DataWriter } from './data-writer.ts'
import { IdTable } from './id-table.ts'
import { encodeInodeTables } from './inode-tables.ts'
import { encodeLookupTable } from './lookup-table.ts'
import { encodeMetadataBlock } from './metadata-block.ts'
import { encodeSuperblock, FLAGS, SUPERBLOCK_SIZE } from './superblock.ts'

/** Settings of {@link writeSquashfs}. */
export interface SquashfsOptions {
  readonly compression: 'xz' | 'gzip'
  /** A power of two from 4096 to 1048576 bytes. */
  readonly blockSize: number
  /** With xz: tried on every data block. */
  readonly branchFilter: BranchFilter
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
 * Writes a squashfs 4.0 file system with tails in fragments, equal files stored once, and an export table.
 * Throws `E_IMAGE` for what the format cannot hold. Memory: about three blocks per block packed at once, and the
 * packed inode and directory tables.
 */
export async function writeSquashfs(
  image: Image,
  blobs: BlobReader,
  sink: ImageSink,
  options: SquashfsOptions,
): Promise<void> {
  checkImage(image)
  const { blockSize, branchFilter, compression, parallel } = options
  if (!Number.isInteger(Math.log2(blockSize)) || blockSize < MIN_BLOCK || blockSize > MAX_BLOCK) {
    throw new MrrlError('E_IMAGE', `squashfs has no block size of ${blockSize} bytes`)
  }
  const compressor = compression === 'xz' ? xzCompressor(blockSize, branchFilter) : gzipCompressor()

  await sink.write(new Uint8Array(SUPERBLOCK_SIZE))
  if (compressor.options !== null) {
    await sink.write(encodeMetadataBlock({ bytes: compressor.options, isCompressed: false }))
  }
  const alignment = branchFilter === 'arm64' ? ARM64_INSTRUCTION : 1
  const data = new DataWriter(new BlockQueue(sink, compressor, parallel), blobs, blockSize, alignment)
  for (const entry of image.entries) if (entry.kind === 'file') await data.add(entry.digest)
  await data.finish()

  const ids = new IdTable()
  const tables = await encodeInodeTables(image, data, ids, compressor)
  const inodeTable = sink.size
  for (const block of tables.inodes) await sink.write(block)
  const directoryTable = sink.size
  for (const block of tables.directories) await sink.write(block)
  // The kernel insists on this order, without gaps.
  const fragmentTable = await writeLookupTable(data.fragments)
  const exportTable = await writeLookupTable(tables.references)
  const idTable = await writeLookupTable(ids.entries())
  const bytesUsed = sink.size
  await sink.write(new Uint8Array((PADDING - (bytesUsed % PADDING)) % PADDING))

  const hasFragments = data.fragments.length > 0
  const superblock = encodeSuperblock({
    inodeCount: image.entries.length,
    modificationTime: image.epoch,
    blockSize,
    fragmentCount: data.fragments.length,
    compressor: compressor.id,
    flags:
      FLAGS.duplicates |
      FLAGS.exportable |
      FLAGS.noXattrs |
      (hasFragments ? FLAGS.alwaysFragments : FLAGS.noFragments) |
      (compressor.options === null ? 0 : FLAGS.compressorOptions),
    idCount: ids.count,
    rootInode: tables.rootReference,
    bytesUsed,
    idTable,
    inodeTable,
    directoryTable,
    fragmentTable,
    exportTable,
  })
  await sink.patch(0, superblock)

  async function writeLookupTable(entries: readonly Uint8Array[]): Promise<number> {
    const { bytes, start } = await encodeLookupTable(entries, sink.size, compressor)
    await sink.write(bytes)
    return start
  }
}
