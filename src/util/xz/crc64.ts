// CRC-64 of ECMA-182, reflected. Eight bytes a step with eight tables, each split into two 32-bit halves.
const POLY_LOW = 0xd7870f42
const POLY_HIGH = 0xc96c5795 | 0

const LOW = new Int32Array(8 * 256)
const HIGH = new Int32Array(8 * 256)

for (let byte = 0; byte < 256; byte++) {
  let low = byte
  let high = 0
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1
    low = (low >>> 1) | (high << 31)
    high >>>= 1
    if (odd) {
      low ^= POLY_LOW
      high ^= POLY_HIGH
    }
  }
  LOW[byte] = low
  HIGH[byte] = high
}
for (let at = 256; at < 8 * 256; at++) {
  const low = LOW[at - 256] as number
  const high = HIGH[at - 256] as number
  LOW[at] = ((low >>> 8) | (high << 24)) ^ (LOW[low & 255] as number)
  HIGH[at] = (high >>> 8) ^ (HIGH[low & 255] as number)
}

/** CRC-64 (ECMA-182, reflected) of bytes that come in pieces: the check of `.tar.xz` files. */
export class Crc64 {
  #low = -1
  #high = -1

  update(bytes: Uint8Array): void {
    let low = this.#low
    let high = this.#high
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = bytes.length - (bytes.length % 8)
    let at = 0
    for (; at < end; at += 8) {
      const a = low ^ view.getInt32(at, true)
      const b = high ^ view.getInt32(at + 4, true)
      const i0 = 1792 | (a & 255)
      const i1 = 1536 | ((a >>> 8) & 255)
      const i2 = 1280 | ((a >>> 16) & 255)
      const i3 = 1024 | (a >>> 24)
      const i4 = 768 | (b & 255)
      const i5 = 512 | ((b >>> 8) & 255)
      const i6 = 256 | ((b >>> 16) & 255)
      const i7 = b >>> 24
      low =
        (LOW[i0] as number) ^
        (LOW[i1] as number) ^
        (LOW[i2] as number) ^
        (LOW[i3] as number) ^
        (LOW[i4] as number) ^
        (LOW[i5] as number) ^
        (LOW[i6] as number) ^
        (LOW[i7] as number)
      high =
        (HIGH[i0] as number) ^
        (HIGH[i1] as number) ^
        (HIGH[i2] as number) ^
        (HIGH[i3] as number) ^
        (HIGH[i4] as number) ^
        (HIGH[i5] as number) ^
        (HIGH[i6] as number) ^
        (HIGH[i7] as number)
    }
    for (; at < bytes.length; at++) {
      const index = (low ^ (bytes[at] as number)) & 255
      low = ((low >>> 8) | (high << 24)) ^ (LOW[index] as number)
      high = (high >>> 8) ^ (HIGH[index] as number)
    }
    this.#low = low
    this.#high = high
  }

  /** The value so far, eight bytes, little endian. */
  digest(): Uint8Array {
    const out = Buffer.alloc(8)
    out.writeInt32LE(~this.#low, 0)
    out.writeInt32LE(~this.#high, 4)
    return out
  }
}
