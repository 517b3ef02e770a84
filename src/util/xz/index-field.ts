import { MrrlError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import { crc32 } from './crc32.ts'
import { decodeMultibyte, encodeMultibyte } from './multibyte.ts'

/** One block as the index lists it. */
export interface IndexRecord {
  /** Bytes of header, compressed data and check, without the padding between the last two. */
  readonly unpaddedSize: number
  readonly unpackedSize: number
}

/** Index (xz format 1.1.0, section 4): what the blocks before it hold. */
export function encodeIndex(records: readonly IndexRecord[]): Uint8Array {
  const parts = [Uint8Array.of(0), encodeMultibyte(records.length)]
  for (const record of records) parts.push(encodeMultibyte(record.unpaddedSize), encodeMultibyte(record.unpackedSize))
  const fields = Buffer.concat(parts)
  const padded = Math.ceil(fields.length / 4) * 4
  const out = Buffer.alloc(padded + 4)
  out.set(fields)
  out.writeUInt32LE(crc32(out.subarray(0, padded)), padded)
  return out
}

/**
 * Reads the index behind its first byte (0) and compares it with the blocks that were read; returns its size in
 * bytes, that first byte included. Throws `E_ARCHIVE` at the first difference.
 */
export async function checkIndex(source: ByteSource, records: readonly IndexRecord[]): Promise<number> {
  const expected = encodeIndex(records)
  const found = await source.read(expected.length - 1)
  if (Buffer.compare(found, expected.subarray(1)) !== 0) {
    const count = decodeMultibyte(found, 0).value
    throw new MrrlError('E_ARCHIVE', 'xz: the index does not describe the blocks', {
      fields: { blocks: records.length, indexed: count },
    })
  }
  return expected.length
}
