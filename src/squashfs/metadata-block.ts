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

/** Size on disk and form of the block whose header this is. */
export function metadataStorage(header: Uint8Array): { readonly size: number; readonly isCompressed: boolean } {
  const value = (header[0] as number) | ((header[1] as number) << 8)
  return { size: value & (STORED - 1), isCompressed: (value & STORED) === 0 }
}
