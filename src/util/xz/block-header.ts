import { MrrlError } from '../errors.ts'
import { crc32 } from './crc32.ts'
import { codeOfDictionary, dictionaryOfCode } from './dictionary.ts'
import { decodeMultibyte, encodeMultibyte } from './multibyte.ts'

/** Filters before LZMA2 that this program knows. */
export type XzFilter = 'x86' | 'arm64'

/** What stands before a block. */
export interface BlockHeader {
  /** In the order of the encoder. */
  readonly filters: readonly XzFilter[]
  /** Bytes of the LZMA2 dictionary. */
  readonly dictionarySize: number
  /** Bytes of the compressed data, or null where the header is silent. */
  readonly compressedSize: number | null
  /** Bytes of the unpacked data, or null where the header is silent. */
  readonly unpackedSize: number | null
}

const FILTER_IDS: Readonly<Record<XzFilter, number>> = { x86: 0x04, arm64: 0x0a }
const LZMA2 = 0x21
const HAS_COMPRESSED_SIZE = 0x40
const HAS_UNPACKED_SIZE = 0x80
const RESERVED_FLAGS = 0x3c

/** Block header (xz format 1.1.0, section 3.1). */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  let flags = header.filters.length
  const parts: Uint8Array[] = []
  if (header.compressedSize !== null) {
    flags |= HAS_COMPRESSED_SIZE
    parts.push(encodeMultibyte(header.compressedSize))
  }
  if (header.unpackedSize !== null) {
    flags |= HAS_UNPACKED_SIZE
    parts.push(encodeMultibyte(header.unpackedSize))
  }
  for (const filter of header.filters) parts.push(Uint8Array.of(FILTER_IDS[filter], 0))
  parts.push(Uint8Array.of(LZMA2, 1, codeOfDictionary(header.dictionarySize)))
  const fields = Buffer.concat(parts)
  const size = Math.ceil((2 + fields.length + 4) / 4) * 4
  const out = Buffer.alloc(size)
  out[0] = size / 4 - 1
  out[1] = flags
  out.set(fields, 2)
  out.writeUInt32LE(crc32(out.subarray(0, size - 4)), size - 4)
  return out
}

/** Reads a whole block header, its size byte included; throws `E_ARCHIVE` on anything not understood. */
export function decodeBlockHeader(bytes: Uint8Array): BlockHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const fields = view.subarray(0, view.length - 4)
  if (view.readUInt32LE(fields.length) !== crc32(fields)) throw damaged('wrong checksum')
  const flags = fields[1] as number
  if ((flags & RESERVED_FLAGS) !== 0) throw damaged('reserved flags are set')
  let at = 2
  const number = (): number => {
    const { value, next } = decodeMultibyte(fields, at)
    at = next
    return value
  }
  const compressedSize = (flags & HAS_COMPRESSED_SIZE) === 0 ? null : number()
  const unpackedSize = (flags & HAS_UNPACKED_SIZE) === 0 ? null : number()
  const filters: XzFilter[] = []
  for (let rest = flags & 3; rest > 0; rest--) {
    filters.push(filterOfId(number()))
    const size = number()
    // A start offset other than 0 is legal and used by nobody.
    const offsetIsZero = fields.subarray(at, at + size).every((byte) => byte === 0)
    if ((size !== 0 && size !== 4) || !offsetIsZero) throw damaged('unsupported filter properties')
    at += size
  }
  if (number() !== LZMA2 || number() !== 1) throw damaged('the last filter is not LZMA2')
  const code = fields[at]
  if (code === undefined || code > 40) throw damaged('wrong dictionary size')
  if (fields.subarray(at + 1).some((byte) => byte !== 0)) throw damaged('padding is not zero')
  return { filters, dictionarySize: dictionaryOfCode(code), compressedSize, unpackedSize }
}

function filterOfId(id: number): XzFilter {
  if (id === FILTER_IDS.x86) return 'x86'
  if (id === FILTER_IDS.arm64) return 'arm64'
  throw new MrrlError('E_ARCHIVE', `xz: unsupported filter 0x${id.toString(16)}`)
}

function damaged(why: string): MrrlError {
  return new MrrlError('E_ARCHIVE', `xz: damaged block header: ${why}`)
}
