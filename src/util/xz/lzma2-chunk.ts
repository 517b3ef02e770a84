import type { ByteSource } from './byte-source.ts'
import { damaged } from './lzma-decoder.ts'
import { decodeLzma2Header, lzma2HeaderSize } from './lzma2-header.ts'

/** One chunk of LZMA2 data. */
export interface Lzma2Chunk {
  /** The chunk as it is in the file, header included. */
  readonly bytes: Uint8Array
  /** Bytes it unpacks to; 0 for the end marker. */
  readonly unpackedSize: number
}

/**
 * Reads the next chunk without unpacking it: so the size of what will come out is known, and can be refused, before any
 * of it is made. Throws `E_ARCHIVE` on an unknown control byte, and on a first chunk that leans on what was before.
 */
export async function readLzma2Chunk(source: ByteSource, first: boolean): Promise<Lzma2Chunk> {
  const offset = source.position
  const control = await source.readByte()
  const rest = await source.read(lzma2HeaderSize(control) - 1)
  const head = Buffer.concat([Uint8Array.of(control), rest])
  const { kind, packedSize, unpackedSize, resetsDictionary } = decodeLzma2Header(head, 0)
  if (kind === 'end') return { bytes: head, unpackedSize: 0 }
  if (first && !resetsDictionary) throw damaged(offset)
  return { bytes: Buffer.concat([head, await source.read(packedSize)]), unpackedSize }
}
