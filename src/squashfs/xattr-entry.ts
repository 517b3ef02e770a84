import { Fields } from './fields.ts'

/** Namespaces of extended attributes, by the number that stands for them. */
export const XATTR_PREFIXES = ['user.', 'trusted.', 'security.'] as const

/** Bit in the type that says: in place of the value, its reference. */
export const OUT_OF_LINE = 0x100

/** Bytes of a value that is out of line. */
export const REFERENCE_SIZE = 8

/** Key of an extended attribute; `name` with its namespace. */
export function encodeXattrKey(name: string, isOutOfLine: boolean): Uint8Array {
  const type = XATTR_PREFIXES.findIndex((prefix) => name.startsWith(prefix))
  const rest = Buffer.from(name.slice(name.indexOf('.') + 1))
  return new Fields(4 + rest.length)
    .u16(isOutOfLine ? type | OUT_OF_LINE : type, rest.length)
    .bytes(rest)
    .finish()
}

/** Value of an extended attribute. */
export function encodeXattrValue(value: Uint8Array): Uint8Array {
  return new Fields(4 + value.length).u32(value.length).bytes(value).finish()
}

/** In place of a value, the reference of an equal one: metadata block times 65536 plus offset. */
export function encodeXattrReference(reference: number): Uint8Array {
  return new Fields(4 + REFERENCE_SIZE).u32(REFERENCE_SIZE).u64(reference).finish()
}

/** All extended attributes of an inode. */
export interface XattrSet {
  /** Where the first one is: metadata block times 65536 plus offset. */
  readonly reference: number
  readonly count: number
  /** Bytes of keys and values as they are in the table. */
  readonly size: number
}

/** Entries of the table of sets. */
export function encodeXattrSets(sets: readonly XattrSet[]): Uint8Array {
  const fields = new Fields(sets.length * 16)
  for (const { reference, count, size } of sets) fields.u64(reference).u32(count, size)
  return fields.finish()
}

/** What stands before the list of metadata blocks of the table of sets. */
export function encodeXattrHeader(tablePosition: number, count: number): Uint8Array {
  const unused = 0
  return new Fields(16).u64(tablePosition).u32(count, unused).finish()
}
