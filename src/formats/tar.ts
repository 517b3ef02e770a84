import { MAX_PAX_BYTES } from '../archive/tar-entries.ts'
import { BLOCK, encodeHeader, MAX_ELEVEN_DIGITS, MAX_SIX_DIGITS, type TarHeader } from '../archive/tar-header.ts'
import { encodePax } from '../archive/tar-pax.ts'
import { xattrKeyword } from '../archive/tar-xattr.ts'
import { checkImage } from '../model/check-image.ts'
import { sizeOf } from '../model/digest.ts'
import { type FileContent, readInOrder, streamWhole } from '../model/file-content.ts'
import type { BlobReader, Image, ImageEntry, Inode } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import { Batch } from './batch.ts'

const MAX_NAME = 100
/** The largest time of readers that keep it in 32 bits with a sign. */
const MAX_TIME = 2 ** 31 - 1
const END = new Uint8Array(2 * BLOCK)
/** Name in the header of an entry whose own name is in a pax record. */
const STAND_IN = 'PaxHeader'

/**
 * Writes an image as an uncompressed tar: ustar, with a pax header in front of entries that ustar cannot hold.
 * The root is `./`, folders end with a slash, no other name starts with `./`; no user and group names; the archive ends
 * with two empty blocks. Nothing is coerced: what cannot be written throws `E_IMAGE` (see `docs/formats/tar.md`).
 */
export async function* tarBytes(image: Image, blobs: BlobReader): AsyncGenerator<Uint8Array> {
  checkImage(image)
  const inodes = new Map<string, Inode>()
  for (const entry of image.entries) {
    if (entry.kind !== 'hardlink') inodes.set(entry.path, entry)
    if (entry.kind === 'socket') throw refused(entry, 'a socket')
  }
  const files = image.entries.flatMap((entry) =>
    entry.kind === 'file' && sizeOf(entry.digest) > 0 ? [entry.digest] : [],
  )
  const contents = readInOrder(blobs, files)
  const batch = new Batch()
  for (const entry of image.entries) {
    const inode = inodes.get(entry.kind === 'hardlink' ? entry.target : entry.path) as Inode
    for (const full of batch.add(encodeEntry(entry, inode, image.epoch))) yield full
    const size = entry.kind === 'file' ? sizeOf(entry.digest) : 0
    if (size === 0) continue
    const { content, digest } = (await contents.next()).value as FileContent
    if (content !== null) for (const full of batch.add(content)) yield full
    else for await (const piece of streamWhole(blobs, digest)) for (const full of batch.add(piece)) yield full
    for (const full of batch.add(END.subarray(0, padding(size)))) yield full
  }
  for (const full of batch.add(END)) yield full
  for (const last of batch.end()) yield last
}

/** All headers of an entry; for a hard link `inode` is what it is a name of. */
function encodeEntry(entry: ImageEntry, inode: Inode, epoch: number): Uint8Array {
  const name = entry.path === '' ? './' : entry.kind === 'directory' ? `${entry.path}/` : entry.path
  const linkName = entry.kind === 'symlink' || entry.kind === 'hardlink' ? entry.target : ''
  const size = entry.kind === 'file' ? sizeOf(entry.digest) : 0
  const device = entry.kind === 'device' ? entry : { major: 0, minor: 0 }
  const header: Omit<TarHeader, 'name' | 'linkName'> = {
    mode: inode.mode,
    uid: Math.min(inode.uid, MAX_SIX_DIGITS),
    gid: Math.min(inode.gid, MAX_SIX_DIGITS),
    size,
    mtime: Math.min(epoch, MAX_TIME),
    type: typeOf(entry),
    major: device.major,
    minor: device.minor,
  }

  const records: [string, string | Uint8Array][] = []
  if (inode.uid > MAX_SIX_DIGITS) records.push(['uid', String(inode.uid)])
  if (inode.gid > MAX_SIX_DIGITS) records.push(['gid', String(inode.gid)])
  if (size > MAX_ELEVEN_DIGITS) records.push(['size', String(size)])
  if (epoch > MAX_TIME) records.push(['mtime', String(epoch)])
  if (entry.kind !== 'hardlink') for (const xattr of entry.xattrs) records.push([xattrKeyword(xattr.name), xattr.value])
  if (records.length === 0 && fitsUstar(name) && fitsUstar(linkName)) {
    return encodeHeader({ ...header, name: Buffer.from(name), linkName: Buffer.from(linkName) })
  }
  if (linkName !== '') records.unshift(['linkpath', linkName])
  records.unshift(['path', name])

  const pax = encodePax(records)
  if (pax.length > MAX_PAX_BYTES) throw refused(entry, `more than ${MAX_PAX_BYTES} bytes of extended attributes`)
  const standIn = { ...header, name: Buffer.from(STAND_IN), linkName: Buffer.from(linkName === '' ? '' : STAND_IN) }
  const paxHeader = encodeHeader({ ...standIn, type: 'x', size: pax.length })
  return Buffer.concat([paxHeader, pax, END.subarray(0, padding(pax.length)), encodeHeader(standIn)])
}

// POSIX has the names of a header in ASCII; pax names are in UTF-8.
function fitsUstar(name: string): boolean {
  return name.length <= MAX_NAME && Buffer.byteLength(name) === name.length
}

function typeOf(entry: ImageEntry): string {
  if (entry.kind === 'device') return entry.type === 'char' ? '3' : '4'
  return { file: '0', hardlink: '1', symlink: '2', directory: '5', fifo: '6', socket: '' }[entry.kind]
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

function refused(entry: ImageEntry, what: string): MrrlError {
  return new MrrlError('E_IMAGE', `tar cannot hold ${what}: /${entry.path}`, { fields: { path: entry.path } })
}
