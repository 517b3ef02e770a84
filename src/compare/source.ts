import type { RandomAccess } from '../model/image-reader.ts'

/** Bytes that can be read from their start again and again. */
export interface Source {
  /** Bytes in all; undefined where that is known only at the end. */
  readonly size: number | undefined
  stream(): AsyncIterable<Uint8Array>
  /** For formats that are read at any place; undefined for a stream. */
  readonly access: RandomAccess | undefined
}
