import type { RandomAccess } from '../model/image-reader.ts'
import { ZEROS } from '../util/zeros.ts'
import { damaged } from './damaged.ts'
import type { Decompressor } from './decompressor.ts'
import { decodeFragment, decodeStoredSize, FRAGMENT_SIZE, type StoredBlock } from './fragment.ts'
import type { FoundFile } from './inode.ts'
import { Budget, type SquashfsLimits } from './limits.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { MetadataTable } from './metadata-table.ts'
import type { MetadataPosition } from './metadata-writer.ts'
import { SUPERBLOCK_SIZE, type Superblock } from './superblock.ts'
import type { ListedTable } from './table-layout.ts'

/** What the reader of content needs to know. */
export interface DataSource {
  readonly source: RandomAccess
  readonly superblock: Superblock
  readonly decompressor: Decompressor
  readonly inodes: MetadataTable
  readonly fragments: ListedTable
  readonly limits: SquashfsLimits
}

/** A block of a file: how it is stored, and the bytes that it unpacks to. */
interface BlockPlan {
  readonly stored: StoredBlock
  readonly length: number
}

/** Stored bytes that are read at once. */
const BATCH_SIZE = 2 ** 20
/** Blocks that are unpacked side by side: as many as have 4 MiB, within these bounds. */
const AHEAD_SIZE = 2 ** 22
const FEWEST_AHEAD = 4
const MOST_AHEAD = 16
/** Entries of a list of blocks that are read at once. */
const LIST_PIECE = 1024
/** Fragments that stay unpacked: files that lie side by side share them. */
const FRAGMENTS_SIZE = 2 ** 23
const FEWEST_FRAGMENTS = 4
const FRAGMENTS_PER_BLOCK = METADATA_SIZE / FRAGMENT_SIZE

/** Reads the content of files, block by block. */
export class DataReader {
  readonly #in: DataSource
  readonly #table: MetadataTable
  readonly #tableStart: number
  readonly #fragments = new Map<number, Promise<Buffer>>()
  readonly #mostFragments: number
  readonly #mostAhead: number
  readonly #zeros: Buffer
  #lastFragment = -1

  constructor(data: DataSource) {
    const { source, decompressor, fragments, superblock } = data
    this.#in = data
    this.#tableStart = fragments.blocks[0] ?? fragments.end
    this.#table = new MetadataTable(source, decompressor, this.#tableStart, fragments.end)
    this.#mostFragments = Math.max(FEWEST_FRAGMENTS, FRAGMENTS_SIZE / superblock.blockSize)
    this.#mostAhead = Math.min(MOST_AHEAD, Math.max(FEWEST_AHEAD, AHEAD_SIZE / superblock.blockSize))
    this.#zeros = ZEROS.subarray(0, superblock.blockSize)
  }

  /**
   * The content of a file in pieces of at most a block, which must not be changed; throws `E_ARCHIVE`.
   * @param list where the file's list of blocks begins
   */
  async *read(file: FoundFile, list: MetadataPosition): AsyncGenerator<Uint8Array> {
    const { blockSize } = this.#in.superblock
    const tail = file.fragment === null ? 0 : file.size % blockSize
    if (file.fragment !== null && tail === file.size) {
      // Most files of most images: no blocks to read ahead.
      if (tail > 0) yield await this.#tail(file.fragment, file.offset, tail)
      return
    }
    const ahead: Promise<Uint8Array>[] = []
    for await (const batch of this.#batches(file, file.size - tail, list)) {
      ahead.push(...batch)
      while (ahead.length > this.#mostAhead) yield (await ahead.shift()) as Uint8Array
    }
    if (file.fragment !== null && tail > 0) ahead.push(silent(this.#tail(file.fragment, file.offset, tail)))
    for (let block = ahead.shift(); block !== undefined; block = ahead.shift()) yield await block
  }

  /** Begins to read and unpack the blocks of the first `size` bytes; hands out what becomes of them, in order. */
  async *#batches(file: FoundFile, size: number, list: MetadataPosition): AsyncGenerator<Promise<Uint8Array>[]> {
    const { inodes, limits, superblock } = this.#in
    const { blockSize } = superblock
    const count = Math.ceil(size / blockSize)
    const budget = new Budget(limits)
    let listed = list
    let start = file.start
    let batch: BlockPlan[] = []
    let batchSize = 0
    for (let index = 0; index < count; ) {
      const { bytes, next } = await inodes.read(listed, Math.min(count - index, LIST_PIECE) * 4, budget)
      listed = next
      for (let at = 0; at < bytes.length; at += 4, index++) {
        const length = Math.min(blockSize, size - index * blockSize)
        const stored = decodeStoredSize(bytes.readUInt32LE(at))
        if (stored === null || stored.size > blockSize) throw damaged('a block of an impossible size', start)
        batch.push({ stored, length })
        batchSize += stored.size
        if (batchSize < BATCH_SIZE && batch.length < this.#mostAhead && index + 1 < count) continue
        yield this.#batch(start, batchSize, batch)
        start += batchSize
        batch = []
        batchSize = 0
      }
    }
  }

  #batch(start: number, size: number, batch: readonly BlockPlan[]): Promise<Uint8Array>[] {
    const bytes = size === 0 ? null : silent(this.#stored(start, size))
    let from = 0
    return batch.map(({ stored, length }) => {
      const at = from
      from += stored.size
      if (bytes === null || stored.size === 0) return Promise.resolve(this.#zeros.subarray(0, length))
      return silent(bytes.then((all) => this.#unpack(all.subarray(at, at + stored.size), stored, length, start + at)))
    })
  }

  async #unpack(bytes: Uint8Array, stored: StoredBlock, length: number, offset: number): Promise<Uint8Array> {
    const unpacked = stored.isCompressed ? await this.#in.decompressor.unpack(bytes, length, offset) : bytes
    if (unpacked.length !== length) {
      throw damaged(`a block of ${unpacked.length} bytes where ${length} are due`, offset)
    }
    return unpacked
  }

  async #tail(index: number, offset: number, length: number): Promise<Uint8Array> {
    const fragment = await this.#fragment(index)
    if (offset + length > fragment.length) {
      throw damaged(`the end of a file is not in its fragment`, offset, { fragment: index, length })
    }
    return fragment.subarray(offset, offset + length)
  }

  /** An unpacked fragment. Files are mostly read in the order of their fragments, so the next one is begun as well. */
  #fragment(index: number): Promise<Buffer> {
    const isNext = index === this.#lastFragment + 1
    this.#lastFragment = index
    const fragment = this.#cachedFragment(index)
    if (isNext && index + 1 < this.#in.superblock.fragmentCount) this.#cachedFragment(index + 1)
    return fragment
  }

  #cachedFragment(index: number): Promise<Buffer> {
    const known = this.#fragments.get(index)
    const fragment = known ?? silent(this.#loadFragment(index))
    this.#fragments.delete(index)
    this.#fragments.set(index, fragment)
    for (const oldest of this.#fragments.keys()) {
      if (this.#fragments.size <= this.#mostFragments) break
      this.#fragments.delete(oldest)
    }
    return fragment
  }

  async #loadFragment(index: number): Promise<Buffer> {
    const { decompressor, fragments, limits, superblock } = this.#in
    const block = (fragments.blocks[Math.floor(index / FRAGMENTS_PER_BLOCK)] as number) - this.#tableStart
    const position = { block, offset: (index % FRAGMENTS_PER_BLOCK) * FRAGMENT_SIZE }
    const entry = await this.#table.read(position, FRAGMENT_SIZE, new Budget(limits))
    const { start, storedSize } = decodeFragment(entry.bytes)
    const stored = decodeStoredSize(storedSize)
    if (stored === null || stored.size === 0 || stored.size > superblock.blockSize) {
      throw damaged('a fragment of an impossible size', start, { fragment: index })
    }
    const bytes = await this.#stored(start, stored.size)
    if (stored.isCompressed) return decompressor.unpack(bytes, superblock.blockSize, start)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Bytes of the part of the image that holds content. */
  async #stored(start: number, size: number): Promise<Uint8Array> {
    if (start < SUPERBLOCK_SIZE || start + size > this.#in.superblock.inodeTable) {
      throw damaged('content outside of its part of the image', start, { size })
    }
    return this.#in.source.read(start, size)
  }
}

/** A failure is met when it is this piece's turn; until then, or when nobody asks, it must not count as unhandled. */
function silent<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
