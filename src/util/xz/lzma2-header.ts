import { damaged } from './lzma-decoder.ts'

/** Header of one chunk of LZMA2 data, as described in `docs/formats/xz.md`. */
export interface Lzma2Header {
  readonly kind: 'end' | 'stored' | 'compressed'
  /** Bytes of the header, of what follows it, and of what that unpacks to. */
  readonly size: number
  readonly packedSize: number
  readonly unpackedSize: number
  readonly resetsDictionary: boolean
  readonly resetsState: boolean
  /** Whether the last byte of the header is new literal and position properties. */
  readonly hasProperties: boolean
}

const END = 0x00
const STORED_RESET = 0x01
const STORED = 0x02
const COMPRESSED = 0x80
const STATE_RESET = 0xa0
const WITH_PROPERTIES = 0xc0
const DICTIONARY_RESET = 0xe0

/** Bytes of the header that begins with `control`. */
export function lzma2HeaderSize(control: number): number {
  if (control === END) return 1
  if (control < COMPRESSED) return 3
  return control < WITH_PROPERTIES ? 5 : 6
}

/** Reads the header at `at`; throws `E_ARCHIVE` on an unknown control byte or when the bytes end before it does. */
export function decodeLzma2Header(bytes: Uint8Array, at: number): Lzma2Header {
  const control = bytes[at] ?? -1
  const size = lzma2HeaderSize(control)
  if (control < 0 || (control > STORED && control < COMPRESSED) || at + size > bytes.length) throw damaged(at)
  const short = (index: number): number =>
    (((bytes[at + index] as number) << 8) | (bytes[at + index + 1] as number)) + 1
  const flags = {
    size,
    resetsDictionary: control === STORED_RESET || control >= DICTIONARY_RESET,
    resetsState: control >= STATE_RESET,
    hasProperties: control >= WITH_PROPERTIES,
  }
  if (control === END) return { ...flags, kind: 'end', packedSize: 0, unpackedSize: 0 }
  if (control < COMPRESSED) return { ...flags, kind: 'stored', packedSize: short(1), unpackedSize: short(1) }
  const unpackedSize = ((control & 0x1f) << 16) + short(1)
  return { ...flags, kind: 'compressed', packedSize: short(3), unpackedSize }
}
