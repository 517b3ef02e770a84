import { Fields } from './fields.ts'

/** Bit in a stored size that says: not compressed. */
export const STORED_BLOCK: number = 2 ** 24

/** Entry of the fragment table. */
export function encodeFragment(start: number, storedSize: number): Uint8Array {
  const unused = 0
  return new Fields(16).u64(start).u32(storedSize, unused).finish()
}
