import type { Compressor } from './compressor.ts'
import { Fields } from './fields.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { MetadataWriter } from './metadata-writer.ts'

/** A table that is found through a list of its metadata blocks: fragments, exports, ids, extended attributes. */
export interface LookupTable {
  /** Metadata blocks, one behind the other. */
  readonly blocks: readonly Uint8Array[]
  /** The positions of the blocks. */
  readonly list: Uint8Array
}

/**
 * Encodes a table that begins at `position` of the image.
 * @param content entries of equal size, a divisor of 8192, so that none crosses a block
 */
export async function encodeLookupTable(
  content: Uint8Array,
  position: number,
  compressor: Compressor,
  parallel: number,
): Promise<LookupTable> {
  const writer = new MetadataWriter(compressor, parallel)
  writer.append(content)
  const blocks = await writer.finish()
  const list = new Fields(blocks.length * 8)
  for (let index = 0; index < blocks.length; index++) {
    list.u64(position + writer.positionOf(index * METADATA_SIZE).block)
  }
  return { blocks, list: list.finish() }
}
