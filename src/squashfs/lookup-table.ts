import type { Compressor } from './compressor.ts'
import { Fields } from './fields.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import { MetadataWriter } from './metadata-writer.ts'

/** A table that is found through a list of its metadata blocks: fragments, exports, ids. */
export interface LookupTable {
  /** Metadata blocks, then the list of their positions. */
  readonly bytes: Uint8Array
  /** Where the list begins: what the superblock points to. */
  readonly start: number
}

/**
 * Encodes a table that begins at `position` of the image.
 * @param entries of equal size, a divisor of 8192, so that none crosses a block
 */
export async function encodeLookupTable(
  entries: readonly Uint8Array[],
  position: number,
  compressor: Compressor,
): Promise<LookupTable> {
  const writer = new MetadataWriter(compressor)
  const content = Buffer.concat(entries)
  const positions: number[] = []
  for (let at = 0; at < content.length; at += METADATA_SIZE) {
    const { block } = await writer.append(content.subarray(at, at + METADATA_SIZE))
    positions.push(position + block)
  }
  const blocks = await writer.finish()
  const list = Buffer.concat(positions.map((block) => new Fields(8).u64(block).finish()))
  const bytes = Buffer.concat([...blocks, list])
  return { bytes, start: position + bytes.length - list.length }
}
