import type { BranchConverter, Direction } from './bcj.ts'

/**
 * Converter for ARM64 `bl` (26-bit word offsets) and `adrp` (page offsets within 512 MiB): relative to absolute and
 * back. The rule is that of the xz format's filter 0x0A.
 */
export function arm64Converter(direction: Direction): BranchConverter {
  const sign = direction === 'encode' ? 1 : -1
  let position = 0

  return (bytes) => {
    const end = bytes.length & ~3
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let i = 0; i < end; i += 4) {
      const top = bytes[i + 3] as number
      if ((top & 0xfc) === 0x94) {
        const address = view.getUint32(i, true) + sign * ((position + i) >>> 2)
        view.setUint32(i, 0x94000000 | (address & 0x03ffffff), true)
      } else if ((top & 0x9f) === 0x90) {
        const instruction = view.getUint32(i, true)
        const page = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x1ffffc)
        if (((page + 0x20000) & 0x1c0000) !== 0) continue
        const address = page + sign * ((position + i) >>> 12)
        const high = (address & 0x20000) === 0 ? 0 : 0xe00000
        view.setUint32(i, (instruction & 0x9000001f) | ((address & 3) << 29) | ((address & 0x3fffc) << 3) | high, true)
      }
    }
    position = (position + end) | 0
    return end
  }
}
