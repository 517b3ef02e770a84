/** Numbers of the compression methods in the superblock, those that are read or written. */
export const COMPRESSOR_IDS = { gzip: 1, xz: 4, zstd: 6 } as const

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

/** The shortest; the first of equal ones; the original when nothing is shorter. */
export function smallest(bytes: Uint8Array, candidates: readonly Uint8Array[]): Packed {
  let best = bytes
  for (const candidate of candidates) if (candidate.length < best.length) best = candidate
  return { bytes: best, isCompressed: best !== bytes }
}
