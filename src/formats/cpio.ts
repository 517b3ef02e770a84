import { CPIO_HEADER_BYTES, cpioPadding, encodeCpioHeader, KIND_BITS, TRAILER } from '../archive/cpio-header.ts'
import { checkImage } from '../model/check-image.ts'
import { sizeOf } from '../model/digest.ts'
import { type FileContent, readInOrder, streamWhole } from '../model/file-content.ts'
import type { BlobReader, Image, ImageEntry, Inode } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import { Batch } from './batch.ts'

const MAX_SIZE = 2 ** 32 - 1
/** Bytes of a path: the kernel's unpacker passes over longer ones without a word. */
const MAX_PATH = 4095
const BLOCK = 512
const ZEROS = new Uint8Array(BLOCK)
/** Link count of a folder, as the kernel's gen_init_cpio writes it; nobody reads it. */
const FOLDER_LINKS = 2

/** A file of the image and its names. */
interface Node {
  readonly inode: Inode
  /** Numbered from 1 in the order of the image. */
  readonly number: number
  links: number
  /** The name that the content stands with. */
  last: string
}

/**
 * Writes an image as an uncompressed cpio archive in the "new ASCII" form, which the kernel unpacks as initramfs. The
 * root is `.`, no name starts with `./`; the content of a file with several names stands with the last; the archive is
 * padded to 512 bytes. Nothing is coerced: what cannot be written throws `E_IMAGE` (see `docs/formats/cpio.md`).
 */
export async function* cpioBytes(image: Image, blobs: BlobReader): AsyncGenerator<Uint8Array> {
  checkImage(image)
  const nodes = numberNodes(image)
  const files = image.entries.flatMap((entry) => {
    const node = nodes.get(entry.path) as Node
    return contentSize(entry.path, node) > 0 && node.inode.kind === 'file' ? [node.inode.digest] : []
  })
  const contents = readInOrder(blobs, files)
  const batch = new Batch()
  let length = 0
  for (const { path } of image.entries) {
    const node = nodes.get(path) as Node
    const size = contentSize(path, node)
    const head = encodeEntry(path, node, size, image.epoch)
    for (const full of batch.add(head)) yield full
    if (node.inode.kind === 'symlink') {
      for (const full of batch.add(Buffer.from(node.inode.target))) yield full
    } else if (size > 0) {
      const { content, digest } = (await contents.next()).value as FileContent
      if (content !== null) for (const full of batch.add(content)) yield full
      else for await (const piece of streamWhole(blobs, digest)) for (const full of batch.add(piece)) yield full
    }
    for (const full of batch.add(ZEROS.subarray(0, cpioPadding(size)))) yield full
    length += head.length + size + cpioPadding(size)
  }
  const trailer = encodeTrailer()
  for (const full of batch.add(trailer)) yield full
  for (const full of batch.add(ZEROS.subarray(0, (BLOCK - ((length + trailer.length) % BLOCK)) % BLOCK))) yield full
  for (const last of batch.end()) yield last
}

/** Every path's file; throws `E_IMAGE` for what cpio cannot hold. */
function numberNodes(image: Image): Map<string, Node> {
  const nodes = new Map<string, Node>()
  let number = 0
  for (const entry of image.entries) {
    refuseImpossible(entry)
    if (entry.kind === 'hardlink') {
      const node = nodes.get(entry.target) as Node
      node.links++
      node.last = entry.path
      nodes.set(entry.path, node)
    } else {
      number++
      const links = entry.kind === 'directory' ? FOLDER_LINKS : 1
      nodes.set(entry.path, { inode: entry, number, links, last: entry.path })
    }
  }
  return nodes
}

function refuseImpossible(entry: ImageEntry): void {
  if (Buffer.byteLength(entry.path) > MAX_PATH) throw refused(entry, `a path of more than ${MAX_PATH} bytes`)
  if (entry.path === TRAILER) throw refused(entry, 'this name, which ends an archive')
  if (entry.kind === 'hardlink') return
  if (entry.xattrs.length > 0) throw refused(entry, 'extended attributes')
  if (entry.kind === 'file' && sizeOf(entry.digest) > MAX_SIZE) throw refused(entry, 'a file of 4 GiB or more')
}

/** Bytes of content that stand with this name; a symbolic link's target stands with each. */
function contentSize(path: string, { inode, last }: Node): number {
  if (inode.kind === 'symlink') return Buffer.byteLength(inode.target)
  return inode.kind === 'file' && path === last ? sizeOf(inode.digest) : 0
}

function encodeEntry(path: string, { inode, number, links }: Node, size: number, epoch: number): Uint8Array {
  const name = Buffer.from(path === '' ? '.\0' : `${path}\0`)
  const device = inode.kind === 'device' ? inode : { major: 0, minor: 0 }
  const header = encodeCpioHeader({
    ino: number,
    mode: KIND_BITS[inode.kind === 'device' ? inode.type : inode.kind] | inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    links,
    mtime: epoch,
    size,
    devMajor: 0,
    devMinor: 0,
    major: device.major,
    minor: device.minor,
    nameSize: name.length,
    checksum: 0,
  })
  return withName(header, name)
}

function encodeTrailer(): Uint8Array {
  const name = Buffer.from(`${TRAILER}\0`)
  const none = { ino: 0, mode: 0, uid: 0, gid: 0, mtime: 0, size: 0, devMajor: 0, devMinor: 0, major: 0, minor: 0 }
  return withName(encodeCpioHeader({ ...none, links: 1, nameSize: name.length, checksum: 0 }), name)
}

function withName(header: Uint8Array, name: Uint8Array): Uint8Array {
  return Buffer.concat([header, name, ZEROS.subarray(0, cpioPadding(CPIO_HEADER_BYTES + name.length))])
}

function refused(entry: ImageEntry, what: string): MrrlError {
  return new MrrlError('E_IMAGE', `cpio cannot hold ${what}: /${entry.path}`, { fields: { path: entry.path } })
}
