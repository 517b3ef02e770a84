import type { Compressor } from './compressor.ts'
import { encodeMetadataBlock, METADATA_SIZE } from './metadata-block.ts'

/** A place in a table of metadata blocks. */
export interface MetadataPosition {
  /** First byte of the block in the compressed table. */
  readonly block: number
  /** Offset in the unpacked block, 0 to 8191. */
  readonly offset: number
}

/** Cuts a table into metadata blocks; what is appended may cross from one into the next. */
export class MetadataWriter {
  readonly #compressor: Compressor
  readonly #blocks: Uint8Array[] = []
  readonly #current = Buffer.alloc(METADATA_SIZE)
  #filled = 0
  #packedSize = 0
  #unpackedSize = 0

  constructor(compressor: Compressor) {
    this.#compressor = compressor
  }

  /** Bytes of all finished blocks. */
  get packedSize(): number {
    return this.#packedSize
  }

  /** Bytes appended so far. */
  get unpackedSize(): number {
    return this.#unpackedSize
  }

  /** Where the next byte will be. */
  async position(): Promise<MetadataPosition> {
    if (this.#filled === METADATA_SIZE) await this.#finishBlock()
    return { block: this.#packedSize, offset: this.#filled }
  }

  /** Appends and returns where it begins. */
  async append(bytes: Uint8Array): Promise<MetadataPosition> {
    const start = await this.position()
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === METADATA_SIZE) await this.#finishBlock()
      const part = bytes.subarray(at, at + METADATA_SIZE - this.#filled)
      this.#current.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
    this.#unpackedSize += bytes.length
    return start
  }

  /** Ends the last block and returns the blocks in order. */
  async finish(): Promise<readonly Uint8Array[]> {
    if (this.#filled > 0) await this.#finishBlock()
    return this.#blocks
  }

  async #finishBlock(): Promise<void> {
    const content = Buffer.from(this.#current.subarray(0, this.#filled))
    const block = encodeMetadataBlock(await this.#compressor.packMetadata(content))
    this.#blocks.push(block)
    this.#packedSize += block.length
    this.#filled = 0
  }
}
