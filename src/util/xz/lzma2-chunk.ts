import { MrrlError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'

/** One chunk of LZMA2 data. */
export interface Lzma2Chunk {
  /** The chunk as it is in the file, header included. */
  readonly bytes: Uint8Array
  /** Bytes it unpacks to; 0 for the end marker. */
  readonly unpackedSize: number
}

const END = 0x00
const STORED_RESET = 0x01
const STORED = 0x02
const COMPRESSED = 0x80
const WITH_PROPERTIES = 0xc0
const DICTIONARY_RESET = 0xe0

/**
 * Reads the next chunk without unpacking it (the format is described in `docs/formats/xz.md`): so the size of what
 * will come out is known, and can be refused, before any of it is made. Throws `E_ARCHIVE` on an unknown control byte.
 */
export async function readLzma2Chunk(source: ByteSource, first: boolean): Promise<Lzma2Chunk> {
  const control = await source.readByte()
  if (control === END) return { bytes: Uint8Array.of(END), unpackedSize: 0 }
  const resets = control === STORED_RESET || control >= DICTIONARY_RESET
  if ((control > STORED && control < COMPRESSED) || (first && !resets)) {
    throw new MrrlError('E_ARCHIVE', 'xz: damaged LZMA2 data', { fields: { offset: source.position - 1, control } })
  }
  if (control < COMPRESSED) {
    const header = await source.read(2)
    const size = (((header[0] as number) << 8) | (header[1] as number)) + 1
    return { bytes: Buffer.concat([Uint8Array.of(control), header, await source.read(size)]), unpackedSize: size }
  }
  const header = await source.read(control >= WITH_PROPERTIES ? 5 : 4)
  const [a, b, c, d] = header as unknown as [number, number, number, number]
  const body = await source.read(((c << 8) | d) + 1)
  return {
    bytes: Buffer.concat([Uint8Array.of(control), header, body]),
    unpackedSize: (((control & 0x1f) << 16) | (a << 8) | b) + 1,
  }
}
