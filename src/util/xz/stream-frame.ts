import { MrrlError } from '../errors.ts'
import { type Check, checkId, checkOfId } from './check.ts'
import { crc32 } from './crc32.ts'

/** Bytes of the stream header and of the stream footer. */
export const FRAME_SIZE = 12

const MAGIC = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)
const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a)

/** Stream header (xz format 1.1.0, section 2.1.1). */
export function encodeStreamHeader(check: Check): Uint8Array {
  const out = Buffer.alloc(FRAME_SIZE)
  out.set(MAGIC, 0)
  out[7] = checkId(check)
  out.writeUInt32LE(crc32(out.subarray(6, 8)), 8)
  return out
}

/** Reads a stream header; throws `E_ARCHIVE` when it is none. */
export function decodeStreamHeader(bytes: Uint8Array): Check {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (!view.subarray(0, 6).equals(MAGIC)) throw new MrrlError('E_ARCHIVE', 'xz: not an xz stream')
  if (view.readUInt32LE(8) !== crc32(view.subarray(6, 8))) {
    throw new MrrlError('E_ARCHIVE', 'xz: damaged stream header')
  }
  return checkOfFlags(view, 6)
}

/** Stream footer (section 2.1.2); `indexSize` in bytes, a multiple of 4. */
export function encodeStreamFooter(check: Check, indexSize: number): Uint8Array {
  const out = Buffer.alloc(FRAME_SIZE)
  out.writeUInt32LE(indexSize / 4 - 1, 4)
  out[9] = checkId(check)
  out.writeUInt32LE(crc32(out.subarray(4, 10)), 0)
  out.set(FOOTER_MAGIC, 10)
  return out
}

/** Reads a stream footer; throws `E_ARCHIVE` when it does not fit the header and the index before it. */
export function decodeStreamFooter(bytes: Uint8Array, expected: { check: Check; indexSize: number }): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const sound =
    view.subarray(10).equals(FOOTER_MAGIC) &&
    view.readUInt32LE(0) === crc32(view.subarray(4, 10)) &&
    view.readUInt32LE(4) === expected.indexSize / 4 - 1 &&
    checkOfFlags(view, 8) === expected.check
  if (!sound) throw new MrrlError('E_ARCHIVE', 'xz: damaged stream footer')
}

function checkOfFlags(view: Buffer, at: number): Check {
  if (view[at] !== 0) throw new MrrlError('E_ARCHIVE', 'xz: reserved stream flags are set')
  return checkOfId(view[at + 1] as number)
}
