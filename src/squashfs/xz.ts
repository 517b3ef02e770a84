import type { BranchFilter } from '../model/image.ts'
import { dictionaryFor } from '../util/xz/dictionary.ts'
import { xzCompress } from '../util/xz/encode.ts'
import { filtersWorthTrying } from './branch-filters.ts'
import { COMPRESSOR_IDS, type Compressor, smallest } from './compressor.ts'
import { Fields } from './fields.ts'

const PRESET = 9
/** Bits of the filters in the options. ARM64 has one in newer tools only, which older ones refuse. */
const FILTER_BITS: Readonly<Record<BranchFilter, number>> = { none: 0, x86: 1, arm64: 0 }

/**
 * xz with CRC32, the one check the kernel's decoder knows. Data blocks are packed with the branch filter, without it, or
 * both ways where it is not clear which is smaller; metadata holds no machine code.
 */
export function xzCompressor(dictionarySize: number, blockSize: number, filter: BranchFilter): Compressor {
  const pack = (bytes: Uint8Array, used: BranchFilter): Promise<Uint8Array> =>
    xzCompress(bytes, {
      check: 'crc32',
      filter: used,
      preset: PRESET,
      dictionarySize: Math.min(dictionaryFor(bytes.length, blockSize), dictionarySize),
    })
  const variants = (bytes: Uint8Array): readonly BranchFilter[] =>
    filter === 'none' ? ['none'] : filtersWorthTrying(filter, bytes)
  const bits = FILTER_BITS[filter]
  const isDefault = dictionarySize === blockSize && bits === 0
  return {
    id: COMPRESSOR_IDS.xz,
    options: isDefault ? null : new Fields(8).u32(dictionarySize, bits).finish(),
    packData: async (bytes) => smallest(bytes, await Promise.all(variants(bytes).map((used) => pack(bytes, used)))),
    packMetadata: async (bytes) => smallest(bytes, [await pack(bytes, 'none')]),
  }
}
