import { type Digest, digestOf } from '../model/digest.ts'
import type { Xattr } from '../model/image.ts'
import type { Compressor } from './compressor.ts'
import { MetadataWriter, referenceOf } from './metadata-writer.ts'
import { encodeXattrKey, encodeXattrReference, encodeXattrSets, encodeXattrValue } from './xattr-entry.ts'

/** A value above this many bytes is stored once, and further ones refer to it. */
const MOST_INLINE = 128

interface WrittenSet {
  /** Offset in the unpacked table. */
  readonly start: number
  readonly count: number
  readonly size: number
}

/** Writes keys and values of extended attributes, equal sets once. */
export class XattrWriter {
  readonly #table: MetadataWriter
  readonly #sets: WrittenSet[] = []
  readonly #indices = new Map<string, number>()
  readonly #values = new Map<Digest, number>()

  constructor(compressor: Compressor, parallel: number) {
    this.#table = new MetadataWriter(compressor, parallel)
  }

  /** Index of a set, which is written at first use. */
  async indexOf(xattrs: readonly Xattr[]): Promise<number> {
    const key = JSON.stringify(xattrs.map(({ name, value }) => [name, digestOf(value)]))
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const start = this.#table.unpackedSize
    for (const xattr of xattrs) await this.#write(xattr)
    this.#indices.set(key, this.#sets.length)
    this.#sets.push({ start, count: xattrs.length, size: this.#table.unpackedSize - start })
    return this.#sets.length - 1
  }

  get count(): number {
    return this.#sets.length
  }

  /** Metadata blocks of keys and values. */
  finish(): Promise<readonly Uint8Array[]> {
    return this.#table.finish()
  }

  /** Entries of the table of sets; only after {@link XattrWriter.finish}. */
  encodeSets(): Uint8Array {
    return encodeXattrSets(
      this.#sets.map(({ start, count, size }) => ({
        reference: referenceOf(this.#table.positionOf(start)),
        count,
        size,
      })),
    )
  }

  async #write({ name, value }: Xattr): Promise<void> {
    const digest = value.length > MOST_INLINE ? digestOf(value) : null
    const earlier = digest === null ? undefined : this.#values.get(digest)
    this.#table.append(encodeXattrKey(name, earlier !== undefined))
    if (earlier === undefined) {
      const start = this.#table.append(encodeXattrValue(value))
      if (digest !== null) this.#values.set(digest, start)
      return
    }
    if (!this.#table.isKnown(earlier)) await this.#table.flush()
    this.#table.append(encodeXattrReference(referenceOf(this.#table.positionOf(earlier))))
  }
}
