import type { RandomAccess } from '../model/image-reader.ts'
import { damaged } from './damaged.ts'
import type { Decompressor } from './decompressor.ts'
import type { Budget } from './limits.ts'
import { METADATA_SIZE, metadataStorage } from './metadata-block.ts'
import type { MetadataPosition } from './metadata-writer.ts'

/** An unpacked block. */
export interface UnpackedMetadata {
  /** 1 to 8192 bytes. */
  readonly bytes: Buffer
  /** Position of the block behind it, from the start of the table. */
  readonly next: number
}

/** Bytes of a table, and the position behind them. */
export interface MetadataSlice {
  readonly bytes: Buffer
  readonly next: MetadataPosition
}

/** 8 MiB: all of an ordinary table, and the working set of one that is read folder by folder. */
const MOST_CACHED = 1024
/** Bytes that are read from the image at once. */
const READ_AHEAD = 2 ** 17
const HEADER_SIZE = 2

/** Position that an inode reference names (`docs/formats/squashfs.md`, section 1). */
export function positionOf(reference: number): MetadataPosition {
  return { block: Math.floor(reference / 2 ** 16), offset: reference % 2 ** 16 }
}

/** Reads a row of metadata blocks in any order; the blocks used last stay unpacked. */
export class MetadataTable {
  /** Position in the image. */
  readonly start: number
  readonly #source: RandomAccess
  readonly #decompressor: Decompressor
  readonly #size: number
  readonly #cache = new Map<number, UnpackedMetadata>()
  #raw: Uint8Array = new Uint8Array(0)
  #rawStart = 0

  /** @param start position of the table in the image; `end` is behind its last block */
  constructor(source: RandomAccess, decompressor: Decompressor, start: number, end: number) {
    this.#source = source
    this.#decompressor = decompressor
    this.start = start
    this.#size = end - start
  }

  /** The block at a position from the start of the table, when it is at hand: so that most reads need not wait. */
  cached(block: number): UnpackedMetadata | null {
    return this.#cache.get(block) ?? null
  }

  /** The block at a position from the start of the table; throws `E_ARCHIVE` when there is none. */
  async load(block: number, budget: Budget): Promise<UnpackedMetadata> {
    const known = this.#cache.get(block)
    if (known !== undefined) {
      this.#cache.delete(block)
      this.#cache.set(block, known)
      return known
    }
    const offset = this.start + block
    const header = await this.#read(block, HEADER_SIZE)
    const { size, isCompressed } = metadataStorage(header)
    if (size === 0 || size > METADATA_SIZE) throw damaged(`a metadata block of ${size} stored bytes`, offset)
    const stored = await this.#read(block + HEADER_SIZE, size)
    const bytes = isCompressed
      ? this.#decompressor.unpackNow(stored, METADATA_SIZE, offset)
      : // A copy, so that the cache does not hold on to all that was read with it.
        Buffer.from(stored)
    if (bytes.length === 0) throw damaged('an empty metadata block', offset)
    budget.metadata(bytes.length)
    const unpacked = { bytes, next: block + HEADER_SIZE + size }
    if (this.#cache.size >= MOST_CACHED) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest)
        break
      }
    }
    this.#cache.set(block, unpacked)
    return unpacked
  }

  /** `length` bytes from a position on, across blocks; throws `E_ARCHIVE` when the table ends before. */
  async read(position: MetadataPosition, length: number, budget: Budget): Promise<MetadataSlice> {
    let { block, offset } = position
    const parts: Buffer[] = []
    for (let left = length; left > 0; ) {
      const unpacked = await this.load(block, budget)
      const part = unpacked.bytes.subarray(offset, offset + left)
      if (part.length === 0 && offset > unpacked.bytes.length) {
        throw damaged(`offset ${offset} in a metadata block of ${unpacked.bytes.length} bytes`, this.start + block)
      }
      parts.push(part)
      left -= part.length
      offset += part.length
      if (offset === unpacked.bytes.length) {
        block = unpacked.next
        offset = 0
      }
    }
    const [only] = parts
    return {
      bytes: parts.length === 1 && only !== undefined ? only : Buffer.concat(parts),
      next: { block, offset },
    }
  }

  /** Stored bytes; positions from the start of the table. */
  async #read(at: number, length: number): Promise<Uint8Array> {
    if (at < 0 || at + length > this.#size) throw damaged('a metadata block outside of its table', this.start + at)
    const from = at - this.#rawStart
    if (from >= 0 && from + length <= this.#raw.length) return this.#raw.subarray(from, from + length)
    const raw = await this.#source.read(this.start + at, Math.min(READ_AHEAD, this.#size - at))
    this.#raw = raw
    this.#rawStart = at
    return raw.subarray(0, length)
  }
}
