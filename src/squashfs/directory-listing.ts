import { Fields } from './fields.ts'
import { METADATA_SIZE } from './metadata-block.ts'
import type { MetadataPosition } from './metadata-writer.ts'

/** An entry of a directory. */
export interface ListedInode {
  readonly name: Uint8Array
  /** Basic inode type, also for an extended inode. */
  readonly type: number
  readonly inode: MetadataPosition
  readonly number: number
}

/** A header and the entries that share what it says. */
export interface ListingRun {
  readonly bytes: Uint8Array
  readonly firstName: Uint8Array
}

const HEADER_SIZE = 12
const ENTRY_SIZE = 8
const MAX_ENTRIES = 256
const MAX_DELTA = 2 ** 15 - 1

/**
 * Encodes a listing. Entries below one header share the metadata block of their inodes, are at most 256, and their
 * inode numbers lie within 16 bits of the header's.
 *
 * @param entries in the byte order of their names
 * @param start offset in the unpacked directory table, when the listing is to begin a header in every metadata block
 * that it reaches into (which an index needs); else null
 */
export function encodeListing(entries: readonly ListedInode[], start: number | null): ListingRun[] {
  const runs: ListingRun[] = []
  let run: ListedInode[] = []
  let size = 0
  let runStart = 0
  const blockAt = (offset: number): number => (start === null ? 0 : Math.floor((start + offset) / METADATA_SIZE))
  for (const entry of entries) {
    const first = run[0]
    const fits =
      first !== undefined &&
      run.length < MAX_ENTRIES &&
      entry.inode.block === first.inode.block &&
      Math.abs(entry.number - first.number) <= MAX_DELTA &&
      blockAt(size) === blockAt(runStart)
    if (!fits) {
      if (first !== undefined) runs.push(encodeRun(run, first))
      run = []
      runStart = size
      size += HEADER_SIZE
    }
    run.push(entry)
    size += ENTRY_SIZE + entry.name.length
  }
  if (run[0] !== undefined) runs.push(encodeRun(run, run[0]))
  return runs
}

function encodeRun(entries: readonly ListedInode[], first: ListedInode): ListingRun {
  const size = entries.reduce((sum, entry) => sum + ENTRY_SIZE + entry.name.length, HEADER_SIZE)
  const fields = new Fields(size).u32(entries.length - 1, first.inode.block, first.number)
  for (const { name, type, inode, number } of entries) {
    fields
      .u16(inode.offset)
      .i16(number - first.number)
      .u16(type, name.length - 1)
      .bytes(name)
  }
  return { bytes: fields.finish(), firstName: first.name }
}
