import { damaged } from './damaged.ts'
import { type FoundEntry, ListingDecoder } from './directory-listing.ts'
import type { Budget } from './limits.ts'
import type { MetadataTable } from './metadata-table.ts'
import type { MetadataPosition } from './metadata-writer.ts'

/** Reads a listing from a header on, one metadata block at a time. */
export class ListingCursor {
  readonly #table: MetadataTable
  readonly #decoder: ListingDecoder
  #block: number
  #offset: number
  #entries: readonly FoundEntry[] = []
  #at = 0

  /** @param size bytes of the listing from `position` on */
  constructor(table: MetadataTable, position: MetadataPosition, size: number) {
    this.#table = table
    this.#decoder = new ListingDecoder(size, table.start + position.block)
    this.#block = position.block
    this.#offset = position.offset
  }

  /** The next entry that is at hand, or null: then {@link ListingCursor.more} is to be asked. */
  next(): FoundEntry | null {
    return this.#entries[this.#at++] ?? null
  }

  /** Reads on; false at the end. Throws `E_ARCHIVE`. */
  async more(budget: Budget): Promise<boolean> {
    if (this.#decoder.left === 0) return false
    const { bytes, next } = await this.#table.load(this.#block, budget)
    if (this.#offset > bytes.length) {
      throw damaged(`a listing at ${this.#offset} in a block of ${bytes.length} bytes`, this.#table.start + this.#block)
    }
    this.#entries = this.#decoder.push(bytes.subarray(this.#offset, this.#offset + this.#decoder.left))
    this.#at = 0
    this.#block = next
    this.#offset = 0
    return true
  }
}
