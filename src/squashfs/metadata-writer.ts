import { MrrlError } from '../util/errors.ts'
import type { Compressor } from './compressor.ts'
import { encodeMetadataBlock, METADATA_SIZE } from './metadata-block.ts'
import { WorkLimit } from './work-limit.ts'

/** A place in a table of metadata blocks. */
export interface MetadataPosition {
  /** First byte of the block in the compressed table. */
  readonly block: number
  /** Offset in the unpacked block, 0 to 8191. */
  readonly offset: number
}

/** A position in the 64-bit form of inodes and extended attributes. */
export function referenceOf({ block, offset }: MetadataPosition): number {
  return block * 2 ** 16 + offset
}

/** Positions in listings and inodes have 32 bits. */
const MAX_TABLE = 2 ** 32 - 1

/**
 * Cuts a table into metadata blocks; what is appended may cross from one into the next. Blocks are packed side by
 * side, so where a byte ends up is known only after {@link MetadataWriter.flush}: until then it has its offset in the
 * unpacked table.
 */
export class MetadataWriter {
  readonly #compressor: Compressor
  readonly #work: WorkLimit
  readonly #packing: Promise<Uint8Array>[] = []
  readonly #blocks: Uint8Array[] = []
  /** Where each block begins in the compressed table, and the one after the last packed one. */
  readonly #starts = [0]
  #current = Buffer.allocUnsafe(METADATA_SIZE)
  #filled = 0
  #unpackedSize = 0

  /** @param parallel blocks packed at once, at least 1; the bytes do not depend on it */
  constructor(compressor: Compressor, parallel: number) {
    this.#compressor = compressor
    this.#work = new WorkLimit(parallel)
  }

  /** Bytes appended so far: the offset of what comes next. */
  get unpackedSize(): number {
    return this.#unpackedSize
  }

  /** Appends and returns the offset in the unpacked table where it begins. */
  append(bytes: Uint8Array): number {
    const start = this.#unpackedSize
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === METADATA_SIZE) this.#endBlock()
      const part = bytes.subarray(at, at + METADATA_SIZE - this.#filled)
      this.#current.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
    this.#unpackedSize += bytes.length
    return start
  }

  /**
   * Waits until every full block is packed: then the positions of all that was appended are known, also in the block
   * that is not full yet. Throws `E_IMAGE` when the table is too large for its positions.
   */
  async flush(): Promise<void> {
    if (this.#filled === METADATA_SIZE) this.#endBlock()
    for (const block of await Promise.all(this.#packing.splice(0))) {
      this.#blocks.push(block)
      const next = (this.#starts.at(-1) as number) + block.length
      if (next > MAX_TABLE) throw new MrrlError('E_IMAGE', 'squashfs: a table is larger than 4 GiB')
      this.#starts.push(next)
    }
  }

  /** Whether {@link MetadataWriter.positionOf} knows this offset. */
  isKnown(offset: number): boolean {
    return Math.floor(offset / METADATA_SIZE) < this.#starts.length
  }

  /** Position of an offset in the unpacked table; throws `E_INTERNAL` for one that was not flushed. */
  positionOf(offset: number): MetadataPosition {
    const block = this.#starts[Math.floor(offset / METADATA_SIZE)]
    if (block === undefined) throw new MrrlError('E_INTERNAL', 'squashfs: the position is not known yet')
    return { block, offset: offset % METADATA_SIZE }
  }

  /** Ends the last block and returns the blocks in order. */
  async finish(): Promise<readonly Uint8Array[]> {
    if (this.#filled > 0) this.#endBlock()
    await this.flush()
    return this.#blocks
  }

  #endBlock(): void {
    const content = this.#current.subarray(0, this.#filled)
    const packed = this.#work.run(async () => encodeMetadataBlock(await this.#compressor.packMetadata(content)))
    // A failure is met when the table is flushed; until then it must not count as unhandled.
    packed.catch(() => undefined)
    this.#packing.push(packed)
    this.#current = Buffer.allocUnsafe(METADATA_SIZE)
    this.#filled = 0
  }
}
