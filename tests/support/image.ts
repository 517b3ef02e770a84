import { createHash } from 'node:crypto'
import { type Digest, digestOf, makeDigest } from '../../src/model/digest.ts'
import type { BlobReader, Image, ImageEntry, ImageSink, Inode, Owned, Xattr } from '../../src/model/image.ts'
import { comparePaths } from '../../src/model/tree.ts'
import { inPieces } from './bytes.ts'

/** Owner and mode of an entry, where they are not the usual ones. */
export interface Attributes {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly xattrs?: readonly Xattr[]
}

/** Collects entries for an image, and their content in memory. */
export class ImageBuilder implements BlobReader {
  readonly #entries = new Map<string, ImageEntry>()
  readonly #blobs = new Map<Digest, () => Uint8Array>()

  constructor() {
    this.directory('')
  }

  directory(path: string, attributes: Attributes = {}): this {
    return this.#add({ kind: 'directory', path, ...owned(attributes, 0o755) })
  }

  file(path: string, content: Uint8Array | string, attributes: Attributes = {}): this {
    const bytes = Buffer.from(content)
    const digest = digestOf(bytes)
    this.#blobs.set(digest, () => bytes)
    return this.#add({ kind: 'file', path, digest, ...owned(attributes, 0o644) })
  }

  symlink(path: string, target: string, attributes: Attributes = {}): this {
    return this.#add({ kind: 'symlink', path, target, ...owned(attributes, 0o777) })
  }

  device(path: string, type: 'char' | 'block', major: number, minor: number, attributes: Attributes = {}): this {
    return this.#add({ kind: 'device', path, type, major, minor, ...owned(attributes, 0o600) })
  }

  fifo(path: string, attributes: Attributes = {}): this {
    return this.#add({ kind: 'fifo', path, ...owned(attributes, 0o644) })
  }

  socket(path: string, attributes: Attributes = {}): this {
    return this.#add({ kind: 'socket', path, ...owned(attributes, 0o755) })
  }

  hardlink(path: string, target: string): this {
    return this.#add({ kind: 'hardlink', path, target })
  }

  /** The image, its entries in order. */
  image(epoch = 1_700_000_000): Image {
    const entries = [...this.#entries.values()].sort((a, b) => comparePaths(a.path, b.path))
    return { entries, epoch }
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const blob = this.#blobs.get(digest)
    if (blob === undefined) throw new Error(`no blob ${digest}`)
    return blob()
  }

  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    yield* inPieces(await this.read(digest), 100_000)
  }

  #add(entry: ImageEntry): this {
    this.#entries.set(entry.path, entry)
    return this
  }
}

/** A sink in memory. */
export class MemorySink implements ImageSink {
  #bytes = Buffer.alloc(2 ** 16)
  size = 0

  async write(bytes: Uint8Array): Promise<void> {
    if (this.size + bytes.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length + bytes.length)])
    }
    this.#bytes.set(bytes, this.size)
    this.size += bytes.length
  }

  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset + bytes.length > this.size) throw new Error('patch behind the end')
    this.#bytes.set(bytes, offset)
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.size)
  }
}

/** What a reader should find, one text per entry: the form that {@link import('./listing.ts')} gives for readers. */
export async function expectedListing(image: Image, blobs: BlobReader): Promise<string[]> {
  const inodes = new Map<string, Inode>()
  const lines: string[] = []
  for (const named of image.entries) {
    if (named.kind !== 'hardlink') inodes.set(named.path, named)
    const entry = named.kind === 'hardlink' ? (inodes.get(named.target) as Inode) : named
    const mode = entry.kind === 'symlink' ? 0o777 : entry.mode
    const common = { path: named.path, mode, uid: entry.uid, gid: entry.gid, time: image.epoch }
    if (entry.kind === 'file') {
      const bytes = await blobs.read(entry.digest)
      lines.push(line({ ...common, kind: 'file', detail: `${bytes.length} ${sha256(bytes)}` }))
    } else if (entry.kind === 'symlink') {
      lines.push(line({ ...common, kind: 'link', detail: entry.target }))
    } else if (entry.kind === 'device') {
      lines.push(line({ ...common, kind: entry.type, detail: `${entry.major},${entry.minor}` }))
    } else {
      lines.push(line({ ...common, kind: entry.kind === 'directory' ? 'dir' : entry.kind, detail: '' }))
    }
  }
  return lines.sort()
}

/** One entry as a reader reports it. */
export interface Seen {
  readonly path: string
  readonly kind: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly time: number
  readonly detail: string
}

/** An entry as one text, good to compare. */
export function line({ path, kind, mode, uid, gid, time, detail }: Seen): string {
  return JSON.stringify([path, kind, mode.toString(8), uid, gid, time, detail])
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A digest that names no bytes at hand, for sizes that no test wants to make. */
export function digestOfSize(size: number): Digest {
  return makeDigest('0'.repeat(64), size)
}

function owned(attributes: Attributes, mode: number): Omit<Owned, 'path'> {
  return { mode, uid: 0, gid: 0, xattrs: [], ...attributes }
}
