import type { RandomAccess } from '../model/image-reader.ts'
import { damaged } from './damaged.ts'
import { readU64 } from './fields.ts'
import { FRAGMENT_SIZE } from './fragment.ts'
import type { SquashfsLimits } from './limits.ts'
import { tooMuch } from './limits.ts'
import { METADATA_SIZE, metadataStorage } from './metadata-block.ts'
import { FLAGS, SUPERBLOCK_SIZE, type Superblock } from './superblock.ts'

/** A table that is found through a list of its metadata blocks; positions from the start of the image. */
export interface ListedTable {
  /** Metadata blocks, and the end of the last. */
  readonly blocks: readonly number[]
  readonly end: number
}

/** Where everything is. The regions do not overlap, and stand in the order in which the kernel wants them. */
export interface TableLayout {
  readonly inodes: { readonly start: number; readonly end: number }
  readonly directories: { readonly start: number; readonly end: number }
  readonly fragments: ListedTable
  readonly ids: ListedTable
  readonly xattrs: XattrLayout | null
}

/** Where extended attributes are. */
export interface XattrLayout {
  readonly count: number
  /** Names and values. */
  readonly content: { readonly start: number; readonly end: number }
  readonly ids: ListedTable
}

const POSITION_SIZE = 8
const ID_SIZE = 4
const XATTR_ID_SIZE = 16
const XATTR_HEADER_SIZE = 16
/** Metadata block with its header. */
const MAX_STORED = METADATA_SIZE + 2
/** What is behind the file system must be zeros, and no more than the largest padding in use. */
const MAX_PADDING = 2 ** 20

/** Checks the superblock against the image, and where its tables are; throws `E_ARCHIVE*`. */
export async function readLayout(
  source: RandomAccess,
  superblock: Superblock,
  limits: SquashfsLimits,
): Promise<TableLayout> {
  const { bytesUsed, inodeCount, idCount, fragmentCount, inodeTable, directoryTable } = superblock
  if (bytesUsed > source.size) {
    throw damaged(`cut off: ${bytesUsed} bytes are due, ${source.size} are there`, source.size)
  }
  if (inodeCount === 0) throw damaged('no inodes', 4)
  if (inodeCount > limits.entries) throw tooMuch('entries', limits)
  if (idCount === 0) throw damaged('no ids', 26)
  await checkOptions(source, superblock)
  await checkPadding(source, bytesUsed)

  const reader = new ListReader(source, bytesUsed)
  const fragments =
    fragmentCount === 0 ? null : await reader.list(superblock.fragmentTable, fragmentCount * FRAGMENT_SIZE)
  const exports =
    superblock.exportTable === null ? null : await reader.list(superblock.exportTable, inodeCount * POSITION_SIZE)
  const ids = await reader.list(superblock.idTable, idCount * ID_SIZE)
  const xattrs = superblock.xattrTable === null ? null : await readXattrLayout(reader, superblock.xattrTable)

  let free = bytesUsed
  const claim = (what: string, start: number, end: number): void => {
    if (start > end || end > free) throw damaged(`${what} overlap what is behind them`, start, { end, free })
    free = start
  }
  if (xattrs !== null) {
    claim('the extended attributes', xattrs.ids.blocks[0] ?? xattrs.ids.end, superblock.xattrTable ?? 0)
    claim('names and values of extended attributes', xattrs.content.start, xattrs.content.end)
  }
  claim('the ids', ids.blocks[0] ?? 0, superblock.idTable)
  if (exports !== null) claim('the exports', exports.blocks[0] ?? 0, superblock.exportTable ?? 0)
  if (fragments !== null) claim('the fragments', fragments.blocks[0] ?? 0, superblock.fragmentTable)
  const directoryEnd = free
  claim('the directories', directoryTable, directoryEnd)
  claim('the inodes', inodeTable, directoryTable)
  if (inodeTable < SUPERBLOCK_SIZE || inodeTable === directoryTable) throw damaged('no room for inodes', 64)

  return {
    inodes: { start: inodeTable, end: directoryTable },
    directories: { start: directoryTable, end: directoryEnd },
    fragments: fragments ?? { blocks: [], end: directoryEnd },
    ids,
    xattrs,
  }
}

/** Reads the lists of positions before tables. */
class ListReader {
  readonly #source: RandomAccess
  readonly #end: number

  constructor(source: RandomAccess, end: number) {
    this.#source = source
    this.#end = end
  }

  async bytes(position: number, length: number): Promise<Buffer> {
    if (position + length > this.#end) throw damaged('a table outside of the image', position, { length })
    const bytes = await this.#source.read(position, length)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The list at `position` of a table with so many unpacked bytes, whose last block ends before the list. */
  async list(position: number, tableSize: number, end: number = position): Promise<ListedTable> {
    const count = Math.ceil(tableSize / METADATA_SIZE)
    const list = await this.bytes(position, count * POSITION_SIZE)
    const blocks = Array.from({ length: count }, (_, index) => readU64(list, index * POSITION_SIZE))
    for (const [index, block] of blocks.entries()) {
      const next = blocks[index + 1] ?? end
      if (block < SUPERBLOCK_SIZE || block >= next || next - block > MAX_STORED) {
        throw damaged('a list of metadata blocks that are not one behind the other', position, { block, next })
      }
    }
    return { blocks, end }
  }
}

async function readXattrLayout(reader: ListReader, position: number): Promise<XattrLayout> {
  const header = await reader.bytes(position, XATTR_HEADER_SIZE)
  const count = header.readUInt32LE(8)
  if (count === 0) throw damaged('an empty table of extended attributes', position)
  const ids = await reader.list(position + XATTR_HEADER_SIZE, count * XATTR_ID_SIZE, position)
  return { count, content: { start: readU64(header, 0), end: ids.blocks[0] ?? position }, ids }
}

/** Decoders take from the data what they need to know, so the options are only looked at for damage. */
async function checkOptions(source: RandomAccess, { flags, inodeTable }: Superblock): Promise<void> {
  if ((flags & FLAGS.compressorOptions) === 0) return
  const end = Math.min(inodeTable, source.size)
  if (SUPERBLOCK_SIZE + 2 > end) throw damaged('no room for compressor options', SUPERBLOCK_SIZE)
  const { size } = metadataStorage(await source.read(SUPERBLOCK_SIZE, 2))
  if (size === 0 || size > METADATA_SIZE || SUPERBLOCK_SIZE + 2 + size > end) {
    throw damaged(`compressor options of ${size} bytes`, SUPERBLOCK_SIZE)
  }
}

async function checkPadding(source: RandomAccess, end: number): Promise<void> {
  const length = source.size - end
  if (length > MAX_PADDING) throw damaged(`${length} bytes behind the file system`, end)
  const padding = length === 0 ? [] : await source.read(end, length)
  if (padding.some((byte) => byte !== 0)) throw damaged('other bytes than zeros behind the file system', end)
}
