import { isUtf8 } from 'node:buffer'
import { damaged, refusal } from './damaged.ts'
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

/** An entry as a reader finds it. */
export interface FoundEntry {
  readonly name: Buffer
  /** Basic inode type. */
  readonly type: number
  readonly inode: MetadataPosition
  readonly number: number
}

const MAX_NAME = 255
const NOTHING = Buffer.alloc(0)
const SLASH = 0x2f
const DOT = 0x2e

/** Decodes a listing that comes in pieces, strictly: no impossible, unsorted or double names. */
export class ListingDecoder {
  #left: number
  #held: Buffer = NOTHING
  #inHeader = 0
  #block = 0
  #base = 0
  #previous: Buffer = NOTHING
  readonly #where: number

  /** @param size bytes of the listing; `where` is the position of the table, for errors */
  constructor(size: number, where: number) {
    this.#left = size
    this.#where = where
  }

  /** Bytes of the listing that are still to be pushed. */
  get left(): number {
    return this.#left
  }

  /** Takes the next bytes, at most {@link ListingDecoder.left}, and returns the entries that are complete. */
  push(piece: Buffer): FoundEntry[] {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    this.#left -= piece.length
    const entries: FoundEntry[] = []
    let at = 0
    while (at < bytes.length) {
      const used = this.#inHeader === 0 ? this.#header(bytes, at) : this.#entry(bytes, at, entries)
      if (used === 0) break
      at += used
    }
    this.#held = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at))
    if (this.#left === 0 && (at !== bytes.length || this.#inHeader > 0)) {
      throw damaged('a listing that ends within an entry', this.#where)
    }
    return entries
  }

  #header(bytes: Buffer, at: number): number {
    if (bytes.length - at < HEADER_SIZE) return 0
    const count = bytes.readUInt32LE(at) + 1
    if (count > MAX_ENTRIES) throw damaged(`${count} entries below one header`, this.#where)
    this.#inHeader = count
    this.#block = bytes.readUInt32LE(at + 4)
    this.#base = bytes.readUInt32LE(at + 8)
    return HEADER_SIZE
  }

  #entry(bytes: Buffer, at: number, entries: FoundEntry[]): number {
    if (bytes.length - at < ENTRY_SIZE) return 0
    const length = bytes.readUInt16LE(at + 6) + 1
    if (length > MAX_NAME) throw damaged(`a name of ${length} bytes`, this.#where)
    if (bytes.length - at < ENTRY_SIZE + length) return 0
    const name = bytes.subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + length)
    checkName(name, this.#where)
    if (Buffer.compare(this.#previous, name) >= 0) {
      throw damaged(`the name ${shown(name)} stands behind ${shown(this.#previous)}`, this.#where)
    }
    this.#previous = name
    this.#inHeader--
    entries.push({
      name,
      type: bytes.readUInt16LE(at + 4),
      inode: { block: this.#block, offset: bytes.readUInt16LE(at) },
      number: this.#base + bytes.readInt16LE(at + 2),
    })
    return ENTRY_SIZE + length
  }
}

function checkName(name: Buffer, where: number): void {
  const isDots = name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT))
  if (isDots || name.includes(SLASH)) {
    throw refusal('E_ARCHIVE_PATH', `the impossible name ${shown(name)}`, { offset: where, entry: shown(name) })
  }
  if (name.includes(0)) throw damaged(`a NUL in the name ${shown(name)}`, where)
  if (!isUtf8(name)) throw damaged(`the name ${shown(name)} is not UTF-8`, where)
}

function shown(name: Buffer): string {
  return JSON.stringify(name.toString())
}
