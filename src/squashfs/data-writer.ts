import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import type { BlockQueue } from './block-queue.ts'
import { encodeFragment } from './fragment.ts'
import type { FileLayout } from './inode.ts'

/** Files up to this size are read in one piece. */
const WHOLE_FILE = 2 ** 22

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

/** Writes the content of files: whole blocks one by one, tails together in fragments, equal files once. */
export class DataWriter {
  readonly #queue: BlockQueue
  readonly #blobs: BlobReader
  readonly #blockSize: number
  readonly #alignment: number
  readonly #files = new Map<Digest, FileLayout>()
  readonly #fragments: Uint8Array[] = []
  #tails: Uint8Array[] = []
  #tailsSize = 0
  #fragmentCount = 0

  /** @param alignment of tails in their fragments, in bytes: code of machines with fixed instructions needs it */
  constructor(queue: BlockQueue, blobs: BlobReader, blockSize: number, alignment: number) {
    this.#queue = queue
    this.#blobs = blobs
    this.#blockSize = blockSize
    this.#alignment = alignment
  }

  /** Writes a file unless an equal one was written before. */
  async add(digest: Digest): Promise<void> {
    if (!this.#files.has(digest)) this.#files.set(digest, await this.#writeFile(digest))
  }

  /** Writes what is still held back; then all layouts are final. */
  async finish(): Promise<void> {
    await this.#finishFragment()
    await this.#queue.finish()
  }

  /** Where the content of an added file is; only after {@link DataWriter.finish}. */
  layoutOf(digest: Digest): FileLayout {
    const layout = this.#files.get(digest)
    if (layout === undefined) throw new MrrlError('E_INTERNAL', `squashfs: no content was written for ${digest}`)
    return layout
  }

  /** Entries of the fragment table; only after {@link DataWriter.finish}. */
  get fragments(): readonly Uint8Array[] {
    return this.#fragments
  }

  async #writeFile(digest: Digest): Promise<FileLayout> {
    const size = sizeOf(digest)
    const count = Math.floor(size / this.#blockSize)
    const blocks = new Array<number>(count).fill(0)
    const layout: Mutable<FileLayout> = { size, start: 0, blocks, sparse: 0, fragment: null, offset: 0 }
    let read = 0
    let isPlaced = false
    for await (const block of this.#blocksOf(digest, size)) {
      const index = read / this.#blockSize
      read += block.length
      if (block.length < this.#blockSize) {
        await this.#addTail(block, layout)
      } else if (isZero(block)) {
        layout.sparse += block.length
      } else {
        await this.#queue.add(block, (position, storedSize) => {
          if (!isPlaced) layout.start = position
          isPlaced = true
          blocks[index] = storedSize
        })
      }
    }
    if (read !== size) {
      throw new MrrlError('E_STORE_CORRUPT', 'a file has not the size of its digest', { fields: { digest, read } })
    }
    return layout
  }

  async *#blocksOf(digest: Digest, size: number): AsyncGenerator<Uint8Array> {
    if (size === 0) return
    const pieces = size <= WHOLE_FILE ? [await this.#blobs.read(digest)] : this.#blobs.stream(digest)
    let held: Uint8Array[] = []
    let heldSize = 0
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + this.#blockSize - heldSize)
        at += part.length
        held.push(part)
        heldSize += part.length
        if (heldSize < this.#blockSize) continue
        yield join(held)
        held = []
        heldSize = 0
      }
    }
    if (heldSize > 0) yield join(held)
  }

  async #addTail(tail: Uint8Array, layout: Mutable<FileLayout>): Promise<void> {
    const gap = (this.#alignment - (this.#tailsSize % this.#alignment)) % this.#alignment
    if (this.#tailsSize + gap + tail.length > this.#blockSize) {
      await this.#finishFragment()
    } else if (gap > 0) {
      this.#tails.push(new Uint8Array(gap))
      this.#tailsSize += gap
    }
    layout.fragment = this.#fragmentCount
    layout.offset = this.#tailsSize
    this.#tails.push(tail)
    this.#tailsSize += tail.length
  }

  async #finishFragment(): Promise<void> {
    if (this.#tailsSize === 0) return
    const bytes = Buffer.concat(this.#tails)
    const index = this.#fragmentCount++
    this.#tails = []
    this.#tailsSize = 0
    await this.#queue.add(bytes, (position, storedSize) => {
      this.#fragments[index] = encodeFragment(position, storedSize)
    })
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

function isZero(bytes: Uint8Array): boolean {
  // Overlapping comparison: all bytes equal the one before them, and the first is zero.
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0
}
