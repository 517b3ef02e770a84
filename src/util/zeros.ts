/**
 * Zeros, as many as the largest block of an image has, not to be changed. Readers give out parts of them for holes, so
 * that writers know a hole by its memory and need not look through gigabytes.
 */
export const ZEROS: Buffer = Buffer.alloc(2 ** 20)

/** True when all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0) return bytes.length === 0
  if (bytes.buffer === ZEROS.buffer) return true
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false
  }
  return true
}
