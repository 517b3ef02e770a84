import { Fields, readU64 } from './fields.ts'

/** Bit in a stored size that says: not compressed. */
export const STORED_BLOCK: number = 2 ** 24

/** Bytes of an entry of the fragment table. */
export const FRAGMENT_SIZE = 16

/** Entries of the fragment table: positions in the image, and stored sizes. */
export function encodeFragments(starts: readonly number[], storedSizes: readonly number[]): Uint8Array {
  const unused = 0
  const fields = new Fields(starts.length * FRAGMENT_SIZE)
  for (const [index, start] of starts.entries()) fields.u64(start).u32(storedSizes[index] as number, unused)
  return fields.finish()
}

/** Where a data block or a fragment is stored. */
export interface StoredBlock {
  /** Bytes on disk, 0 for a block of zeros. */
  readonly size: number
  readonly isCompressed: boolean
}

/** Reads the stored size of a block; null when it has bits that have no meaning. */
export function decodeStoredSize(value: number): StoredBlock | null {
  if (value >= 2 * STORED_BLOCK) return null
  const isCompressed = value < STORED_BLOCK
  return { size: isCompressed ? value : value - STORED_BLOCK, isCompressed }
}

/** Reads an entry of the fragment table; the last four bytes have no meaning and are often not zero. */
export function decodeFragment(bytes: Buffer): { readonly start: number; readonly storedSize: number } {
  return { start: readU64(bytes, 0), storedSize: bytes.readUInt32LE(8) }
}
