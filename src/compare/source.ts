import { ByteReader } from '../archive/byte-reader.ts'
import { decompress } from '../archive/decompress.ts'
import { type ArchiveLimits, Budget } from '../archive/limits.ts'
import type { RandomAccess } from '../model/image-reader.ts'
import { MrrlError } from '../util/errors.ts'

/** Bytes that can be read from their start again and again. */
export interface Source {
  /** Bytes in all; undefined where that is known only at the end. */
  readonly size: number | undefined
  stream(): AsyncIterable<Uint8Array>
  /** For formats that are read at any place; undefined for a stream. */
  readonly access: RandomAccess | undefined
}

/** Bytes of a file at any place. */
export function fileSource(access: RandomAccess): Source {
  return { size: access.size, access, stream: () => new ByteReader(access).rest() }
}

/** Bytes at hand. */
export function memorySource(bytes: Uint8Array): Source {
  return fileSource({
    size: bytes.length,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new MrrlError('E_ARCHIVE', `is cut off: ${length} bytes are due at ${offset}`, { fields: { offset } })
      }
      return bytes.subarray(offset, offset + length)
    },
  })
}

/** What is below one layer of compression. Reading throws `E_ARCHIVE` when it is damaged, `E_ARCHIVE_LIMIT`. */
export function unpackedSource(packed: Source, limits: ArchiveLimits): Source {
  return {
    size: undefined,
    access: undefined,
    async *stream() {
      const outer = new ByteReader(packed.access ?? packed.stream())
      try {
        const { reader } = await decompress(outer, new Budget(limits))
        try {
          yield* reader.rest()
        } finally {
          if (reader !== outer) await reader.close()
        }
      } finally {
        await outer.close()
      }
    },
  }
}

/** Up to `count` bytes from the start; fewer only where there are no more. */
export async function headOf(source: Source, count: number): Promise<Uint8Array> {
  const reader = new ByteReader(source.access ?? source.stream())
  try {
    return await reader.peek(count)
  } finally {
    await reader.close()
  }
}

/** All bytes, or undefined when there are more than `most`. */
export async function holdBytes(source: Source, most: number): Promise<Uint8Array | undefined> {
  if (source.size !== undefined && source.size > most) return undefined
  // No copy of what is in memory already.
  if (source.access !== undefined) return source.access.read(0, source.access.size)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of source.stream()) {
    size += piece.length
    if (size > most) return undefined
    pieces.push(piece)
  }
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
}
