import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { decodeFields, FieldWriter } from '../util/protobuf.ts'
import { type Digest, hashOf, makeDigest, sizeOf } from './digest.ts'

/** A file in a directory: its content and whether it may be executed. */
export interface FileNode {
  readonly name: string
  readonly digest: Digest
  readonly executable: boolean
}

/** A directory in a directory: the digest of its canonical bytes. */
export interface DirectoryNode {
  readonly name: string
  readonly digest: Digest
}

/** A symbolic link in a directory. */
export interface SymlinkNode {
  readonly name: string
  readonly target: string
}

/**
 * One level of a tree: no owners, no times, no modes but the executable bit.
 * Encoded as the Remote Execution API v2 `Directory` message; see `docs/formats/store.md`.
 */
export interface Directory {
  readonly files: readonly FileNode[]
  readonly directories: readonly DirectoryNode[]
  readonly symlinks: readonly SymlinkNode[]
}

/** Canonical bytes: lists sorted by name bytes, names unique over all three; throws `E_INTERNAL` on bad names. */
export function encodeDirectory(directory: Directory): Uint8Array {
  const files = sortByName(directory.files)
  const directories = sortByName(directory.directories)
  const symlinks = sortByName(directory.symlinks)
  checkNames([...files, ...directories, ...symlinks])
  const out = new FieldWriter()
  for (const node of files) {
    const file = new FieldWriter().string(1, node.name).message(2, encodeDigest(node.digest))
    if (node.executable) file.varint(4, 1)
    out.message(1, file)
  }
  for (const node of directories) {
    out.message(2, new FieldWriter().string(1, node.name).message(2, encodeDigest(node.digest)))
  }
  for (const node of symlinks) out.message(3, new FieldWriter().string(1, node.name).string(2, node.target))
  return out.finish()
}

/** Reads canonical bytes; throws `E_STORE_CORRUPT` on anything that {@link encodeDirectory} would not write. */
export function decodeDirectory(bytes: Uint8Array): Directory {
  const files: FileNode[] = []
  const directories: DirectoryNode[] = []
  const symlinks: SymlinkNode[] = []
  for (const { field, value } of decodeFields(bytes)) {
    if (typeof value === 'number') throw corrupt(`field ${field} is a number`)
    const parts = new Map<number, Uint8Array | number>()
    for (const part of decodeFields(value)) parts.set(part.field, part.value)
    const name = text(parts.get(1))
    if (field === 1) files.push({ name, digest: decodeDigest(parts.get(2)), executable: parts.get(4) === 1 })
    else if (field === 2) directories.push({ name, digest: decodeDigest(parts.get(2)) })
    else if (field === 3) symlinks.push({ name, target: text(parts.get(2)) })
    else throw corrupt(`unknown field ${field}`)
  }
  return { files, directories, symlinks }
}

/** True for a name that can stand in a directory: not empty, `.` or `..`, without `/` or NUL. */
export function isEntryName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function encodeDigest(digest: Digest): FieldWriter {
  const out = new FieldWriter().string(1, hashOf(digest))
  if (sizeOf(digest) > 0) out.varint(2, sizeOf(digest))
  return out
}

function decodeDigest(bytes: Uint8Array | number | undefined): Digest {
  if (!(bytes instanceof Uint8Array)) throw corrupt('a digest is missing')
  let hash = ''
  let size = 0
  for (const { field, value } of decodeFields(bytes)) {
    if (field === 1) hash = text(value)
    else if (typeof value === 'number') size = value
  }
  return makeDigest(hash, size)
}

function text(value: Uint8Array | number | undefined): string {
  if (!(value instanceof Uint8Array)) throw corrupt('a name is missing')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
}

function sortByName<T extends { readonly name: string }>(nodes: readonly T[]): T[] {
  return [...nodes].sort((a, b) => compareBytes(a.name, b.name))
}

function checkNames(nodes: readonly { readonly name: string }[]): void {
  const seen = new Set<string>()
  for (const { name } of nodes) {
    if (!isEntryName(name)) throw new MrrlError('E_INTERNAL', `not a name for a tree entry: ${JSON.stringify(name)}`)
    if (seen.has(name)) throw new MrrlError('E_INTERNAL', `two tree entries have the name ${JSON.stringify(name)}`)
    seen.add(name)
  }
}

function corrupt(what: string): MrrlError {
  return new MrrlError('E_STORE_CORRUPT', `a directory in the store cannot be read: ${what}`)
}
