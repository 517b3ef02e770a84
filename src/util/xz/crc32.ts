import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 (IEEE 802.3), as everywhere in the xz format; `previous` continues an earlier one. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return zlibCrc32(bytes, previous)
}
