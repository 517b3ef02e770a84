import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { BranchFilter } from '../model/image.ts'
import { hasBranches } from '../util/xz/bcj.ts'
import { dictionaryFor } from '../util/xz/dictionary.ts'
import { xzCompress } from '../util/xz/encode.ts'
import { Fields } from './fields.ts'

/** Bytes as they are stored. */
export interface Packed {
  readonly bytes: Uint8Array
  /** False when compression did not help and the bytes are stored as they are. */
  readonly isCompressed: boolean
}

/** One compression method of squashfs. Same bytes in, same bytes out. */
export interface Compressor {
  /** Number in the superblock. */
  readonly id: number
  /** Compressor options as stored behind the superblock, or null where the defaults hold. */
  readonly options: Uint8Array | null
  /** Packs a data block or a fragment. */
  packData(bytes: Uint8Array): Promise<Packed>
  /** Packs a metadata block. */
  packMetadata(bytes: Uint8Array): Promise<Packed>
}

const GZIP_ID = 1
const XZ_ID = 4
const PRESET = 9
/** Bit of the x86 filter in the xz options; ARM64 has one in newer tools only, which older ones refuse. */
const X86_FLAG = 1

/** zlib at level 9 with a window of 32 KiB: the defaults of mksquashfs, which need no options. */
export function gzipCompressor(): Compressor {
  const pack = async (bytes: Uint8Array): Promise<Packed> =>
    smaller(bytes, [await promisify(deflate)(bytes, { level: 9 })])
  return { id: GZIP_ID, options: null, packData: pack, packMetadata: pack }
}

/**
 * xz with CRC32, the one check the kernel's decoder knows. Data blocks are packed with and without the branch filter
 * and the smaller result is taken, as mksquashfs does; metadata holds no machine code.
 */
export function xzCompressor(blockSize: number, filter: BranchFilter): Compressor {
  const pack = (bytes: Uint8Array, used: BranchFilter): Promise<Uint8Array> =>
    xzCompress(bytes, {
      check: 'crc32',
      filter: used,
      preset: PRESET,
      dictionarySize: dictionaryFor(bytes.length, blockSize),
    })
  const variants = (bytes: Uint8Array): readonly BranchFilter[] =>
    filter === 'none' || !hasBranches(filter, bytes) ? ['none'] : ['none', filter]
  return {
    id: XZ_ID,
    options: filter === 'x86' ? new Fields(8).u32(blockSize, X86_FLAG).finish() : null,
    packData: async (bytes) => smaller(bytes, await Promise.all(variants(bytes).map((used) => pack(bytes, used)))),
    packMetadata: async (bytes) => smaller(bytes, [await pack(bytes, 'none')]),
  }
}

/** The shortest; the first of equal ones; the original when nothing is shorter. */
function smaller(bytes: Uint8Array, candidates: readonly Uint8Array[]): Packed {
  let best = bytes
  for (const candidate of candidates) if (candidate.length < best.length) best = candidate
  return { bytes: best, isCompressed: best !== bytes }
}
