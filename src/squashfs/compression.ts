import type { BranchFilter } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import type { Compressor } from './compressor.ts'
import { gzipCompressor } from './gzip.ts'
import { xzCompressor } from './xz.ts'
import { zstdCompressor } from './zstd.ts'

/** A compression method and its settings. */
export type Compression =
  | {
      readonly method: 'gzip'
      /** 1 to 9. */
      readonly level: number
      /** Binary logarithm of the bytes that a match may reach back, 8 to 15. */
      readonly window: number
    }
  | {
      readonly method: 'xz'
      /** Tried on every data block. */
      readonly branchFilter: BranchFilter
      /** Bytes that a match may reach back: 2^n or 2^n + 2^(n-1), from 8192 to the block size. */
      readonly dictionarySize: number
    }
  | {
      readonly method: 'zstd'
      /** 1 to 22. */
      readonly level: number
    }

/** Makes the compressor; throws `E_IMAGE` for settings that the format does not know. */
export function openCompressor(compression: Compression, blockSize: number): Compressor {
  const { method } = compression
  if (method === 'xz') {
    const { dictionarySize: size, branchFilter } = compression
    const unit = 2 ** Math.floor(Math.log2(size))
    demand(
      (size === unit || size === unit * 1.5) && size >= 8192 && size <= Math.max(blockSize, 8192),
      'dictionary',
      size,
    )
    return xzCompressor(size, blockSize, branchFilter)
  }
  if (method === 'zstd') {
    demand(isWithin(compression.level, 1, 22), 'level', compression.level)
    return zstdCompressor(compression.level)
  }
  demand(isWithin(compression.level, 1, 9), 'level', compression.level)
  demand(isWithin(compression.window, 8, 15), 'window', compression.window)
  return gzipCompressor(compression.level, compression.window)

  function demand(holds: boolean, what: string, value: number): void {
    if (!holds) throw new MrrlError('E_IMAGE', `squashfs with ${method} has no ${what} of ${value}`)
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
