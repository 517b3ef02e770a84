import type { Packed } from './compressor.ts'
import { Fields } from './fields.ts'

/** Bytes a metadata block holds before compression. */
export const METADATA_SIZE = 8192

const STORED = 0x8000

/** Metadata block: a 16-bit header with size and a flag for stored ones, then the content. */
export function encodeMetadataBlock({ bytes, isCompressed }: Packed): Uint8Array {
  return new Fields(2 + bytes.length)
    .u16(isCompressed ? bytes.length : bytes.length | STORED)
    .bytes(bytes)
    .finish()
}
