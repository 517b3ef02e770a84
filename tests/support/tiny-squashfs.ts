/** Data of the tiny image; what is left out is honest. */
export interface TinyData {
  /** Number of the compression method. */
  readonly compressor?: number
  /** The one block of `/a` as it is stored, and the 32 bits that say so. */
  readonly block?: Uint8Array
  readonly blockSize?: number
  /** The fragment, likewise. */
  readonly fragment?: Uint8Array
  readonly fragmentSize?: number
  /** Replaces the metadata block of the inodes, header included. */
  readonly inodes?: Uint8Array
}

/** An image, and where in it things are: names of structures, with their fields to be counted from there. */
export interface TinyImage {
  readonly bytes: Buffer
  readonly at: Readonly<Record<string, number>>
}

const STORED_METADATA = 0x8000
const STORED = 2 ** 24
const BLOCK_SIZE = 4096
const NONE = 2 ** 32 - 1

/** Little-endian numbers and bytes behind each other: `[2, value]` is a number of two bytes. */
export type Part = Uint8Array | string | readonly [size: 2 | 4 | 8, ...values: number[]]

/** Joins parts. */
export function packed(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      if (typeof part === 'string' || part instanceof Uint8Array) return [Buffer.from(part)]
      const [size, ...values] = part
      return values.map((value) => number(value, size))
    }),
  )
}

/**
 * A small image with stored metadata, made by hand, so that every byte of it can be made wrong:
 *
 *     /       1  directory
 *     /a      2  file, extended: one block of 4096 and a tail of 4 bytes, one extended attribute
 *     /b      3  device
 *     /dd     4  directory, extended, with an index of one entry
 *     /dd/e   5  file: a tail of 3 bytes
 *     /dd/f   2  hard link to /a
 *     /l      6  symbolic link to `a`
 *     /m      7  file, extended: two blocks of zeros, no fragment
 */
export function tinySquashfs(data: TinyData = {}): TinyImage {
  const at: Record<string, number> = {}
  const block = data.block ?? Buffer.alloc(BLOCK_SIZE, 'block ')
  const fragment = data.fragment ?? Buffer.from('tailend')
  at.block = 96
  at.fragment = at.block + block.length
  const inodeTable = at.fragment + fragment.length

  const inodes = new Places(inodeTable + 2)
  const inode = (name: string, type: number, number: number, mode: number, ...body: Part[]): void =>
    inodes.add(`inode.${name}`, [2, type, mode, 0, type === 9 ? 1 : 0], [4, 1_700_000_000, number], ...body)
  const blockSize = data.blockSize ?? block.length + STORED
  inode('a', 9, 2, 0o4755, [8, at.block, BLOCK_SIZE + 4, 0], [4, 2, 0, 0, 0, blockSize])
  inode('b', 4, 3, 0o600, [4, 1, 0x0801])
  inode('e', 2, 5, 0o644, [4, 0, 0, 4, 3])
  inode('l', 3, 6, 0o777, [4, 1, 1], 'a')
  inode('m', 9, 7, 0o644, [8, 0, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE], [4, 1, NONE, 0, NONE, 0, 0])
  const listing = (entries: readonly (readonly [string, string, number, number])[]): Buffer[] =>
    entries.map(([name, of, number, type]) =>
      packed([2, inodes.offset(`inode.${of}`), number, type, name.length - 1], name),
    )
  const inner = listing([
    ['e', 'e', 5, 2],
    ['f', 'a', 2, 2],
  ])
  inode('dd', 8, 4, 0o755, [4, 2, 12 + 18 + 3, 0, 1], [2, 1, 0], [4, NONE], [4, 0, 0, 0], 'e')
  const outer = listing([
    ['a', 'a', 2, 2],
    ['b', 'b', 3, 4],
    ['dd', 'dd', 4, 1],
    ['l', 'l', 6, 3],
    ['m', 'm', 7, 2],
  ])
  inode('root', 1, 1, 0o755, [4, 0, 3], [2, 12 + Buffer.concat(outer).length + 3, 30], [4, 8])
  const inodeBlock = data.inodes ?? metadata(inodes.bytes())

  const directories = new Places(inodeTable + inodeBlock.length + 2)
  const list = (folder: string, entries: readonly Buffer[], names: readonly string[]): void => {
    directories.add(`listing.${folder}`, [4, entries.length - 1, 0, 0])
    for (const [index, entry] of entries.entries()) directories.add(`entry.${names[index]}`, entry)
  }
  list('dd', inner, ['e', 'f'])
  list('root', outer, ['a', 'b', 'dd', 'l', 'm'])
  const directoryBlock = metadata(directories.bytes())
  Object.assign(at, inodes.at, directories.at)

  const out = new Places(0)
  const table = (name: string, content: Buffer): void => {
    const start = out.size
    out.add(`${name}.block`, metadata(content))
    out.add(`${name}.list`, [8, start])
  }
  out.add('superblock', Buffer.alloc(96))
  out.add('data', block, fragment)
  out.add('inodes', inodeBlock)
  out.add('directories', directoryBlock)
  table('fragments', packed([8, at.fragment], [4, data.fragmentSize ?? fragment.length + STORED, 0]))
  const reference = (name: string): number => (at[`inode.${name}`] ?? 0) - inodeTable - 2
  table('exports', packed([8, ...['root', 'a', 'b', 'dd', 'e', 'l', 'm'].map(reference)]))
  table('ids', packed([4, 0, 1000]))
  const attributes = out.size
  out.add('attributes', metadata(packed([2, 0, 3], 'one', [4, 5], 'value')))
  const sets = out.size
  out.add('sets.block', metadata(packed([8, 0], [4, 1, 12])))
  out.add('sets', [8, attributes], [4, 1, 0])
  out.add('sets.list', [8, sets])
  const bytes = out.bytes()
  Object.assign(at, out.at)

  packed(
    'hsqs',
    [4, 7, 1_700_000_000, BLOCK_SIZE, 1],
    [2, data.compressor ?? 1, 12, 0, 2, 4, 0],
    [8, reference('root'), bytes.length, at['ids.list'] ?? 0, at.sets ?? 0],
    [8, at.inodes ?? 0, at.directories ?? 0, at['fragments.list'] ?? 0, at['exports.list'] ?? 0],
  ).copy(bytes)
  return { bytes, at }
}

/** A metadata block that is not compressed. */
export function metadata(content: Uint8Array): Buffer {
  return packed([2, content.length | STORED_METADATA], content)
}

/** Bytes that are collected, with names for where they begin. */
class Places {
  readonly at: Record<string, number> = {}
  readonly #parts: Buffer[] = []
  readonly #start: number
  #size = 0

  constructor(start: number) {
    this.#start = start
  }

  get size(): number {
    return this.#size
  }

  add(name: string, ...parts: readonly Part[]): void {
    const bytes = packed(...parts)
    this.at[name] = this.#start + this.#size
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  offset(name: string): number {
    return (this.at[name] ?? 0) - this.#start
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

function number(value: number, size: 2 | 4 | 8): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, Math.min(size, 6))
  return bytes
}
