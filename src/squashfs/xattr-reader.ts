import { isUtf8 } from 'node:buffer'
import type { Xattr } from '../model/image.ts'
import { compareBytes } from '../util/compare.ts'
import { damaged } from './damaged.ts'
import { readU64 } from './fields.ts'
import type { Budget } from './limits.ts'
import { type MetadataSlice, type MetadataTable, positionOf } from './metadata-table.ts'
import type { MetadataPosition } from './metadata-writer.ts'
import { OUT_OF_LINE, REFERENCE_SIZE, XATTR_PREFIXES } from './xattr-entry.ts'

/** Where the extended attributes of an inode are. */
export interface FoundXattrSet {
  readonly position: MetadataPosition
  readonly count: number
}

/** Bytes of an entry in the table of sets. */
export const XATTR_SET_SIZE = 16

/** Of Linux, in bytes; the list of names has a NUL behind each. */
const MAX_NAME = 255
const MAX_VALUE = 2 ** 16
const MAX_NAMES = 2 ** 16

/** Reads an entry of the table of sets; its size field is not needed, and writers do not agree on what it counts. */
export function decodeXattrSet(bytes: Buffer): FoundXattrSet {
  return { position: positionOf(readU64(bytes, 0)), count: bytes.readUInt32LE(8) }
}

/** Reads the attributes of a set, sorted by name; throws `E_ARCHIVE` on what no file can have. */
export async function readXattrs(content: MetadataTable, set: FoundXattrSet, budget: Budget): Promise<Xattr[]> {
  const xattrs: Xattr[] = []
  const where = set.position.block
  let { position } = set
  let namesSize = 0
  const take = async (length: number): Promise<Buffer> => {
    const { bytes, next } = await content.read(position, length, budget)
    position = next
    return bytes
  }
  const readValue = async (at: MetadataPosition, size: number): Promise<MetadataSlice> => {
    if (size > MAX_VALUE) throw damaged(`an extended attribute of ${size} bytes`, where)
    // Sets may share values, so that a small table could become a large list.
    budget.metadata(size)
    const { bytes, next } = await content.read(at, size, budget)
    return { bytes: Buffer.from(bytes), next }
  }
  for (let left = set.count; left > 0; left--) {
    const key = await take(4)
    const type = key.readUInt16LE(0)
    const namespace = XATTR_PREFIXES[type & ~OUT_OF_LINE]
    const length = key.readUInt16LE(2)
    if (namespace === undefined) throw damaged(`an extended attribute of the unknown type ${type}`, where)
    if (length === 0 || namespace.length + length > MAX_NAME) {
      throw damaged(`an extended attribute with a name of ${length} bytes`, where)
    }
    const name = await take(length)
    if (!isUtf8(name) || name.includes(0)) throw damaged('an extended attribute with an impossible name', where)
    namesSize += namespace.length + length + 1
    if (namesSize > MAX_NAMES) throw damaged('more extended attributes than a file can have', where)
    const size = (await take(4)).readUInt32LE(0)
    if ((type & OUT_OF_LINE) !== 0) {
      if (size !== REFERENCE_SIZE) throw damaged(`a reference of ${size} bytes to an attribute's value`, where)
      const elsewhere = positionOf(readU64(await take(REFERENCE_SIZE), 0))
      const head = await content.read(elsewhere, 4, budget)
      const value = await readValue(head.next, head.bytes.readUInt32LE(0))
      xattrs.push({ name: namespace + name.toString(), value: value.bytes })
    } else {
      const value = await readValue(position, size)
      position = value.next
      xattrs.push({ name: namespace + name.toString(), value: value.bytes })
    }
  }
  xattrs.sort((a, b) => compareBytes(a.name, b.name))
  if (xattrs.some(({ name }, at) => name === xattrs[at + 1]?.name)) throw damaged('an extended attribute twice', where)
  return xattrs
}
