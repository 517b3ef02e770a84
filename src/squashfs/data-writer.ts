import { type Digest, digestOf, sizeOf } from '../model/digest.ts'
import { type FileContent, readInOrder, readWhole, WHOLE_FILE } from '../model/file-content.ts'
import type { BlobReader } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'
import { isZero } from '../util/zeros.ts'
import type { BlockQueue } from './block-queue.ts'
import { type BlockRun, BlockRuns } from './block-runs.ts'
import { blocksOf, haveSameStart } from './file-blocks.ts'
import { FragmentPacker, type TailPlace } from './fragment-packer.ts'
import type { FileLayout } from './inode.ts'

/** How {@link DataWriter} cuts files. */
export interface DataOptions {
  readonly blockSize: number
  /** Whether tails go into fragments. */
  readonly fragments: boolean
  /** Of tails in their fragments, in bytes. */
  readonly alignment: number
}

interface WrittenFile {
  readonly run: BlockRun
  readonly tail: TailPlace | null
}

const NO_RUN: BlockRun = { start: 0, sizes: new Uint32Array(0), sparse: 0 }

/** Writes the content of files: whole blocks one by one, tails together in fragments, equal files and parts once. */
export class DataWriter {
  readonly #queue: BlockQueue
  readonly #blobs: BlobReader
  readonly #options: DataOptions
  readonly #fragments: FragmentPacker
  readonly #runs = new BlockRuns()
  readonly #files = new Map<Digest, WrittenFile>()
  /** Tails behind whole blocks, by content; a file that is only a tail is in `#files`. */
  readonly #tails = new Map<Digest, TailPlace>()

  constructor(queue: BlockQueue, blobs: BlobReader, options: DataOptions) {
    this.#queue = queue
    this.#blobs = blobs
    this.#options = options
    this.#fragments = new FragmentPacker(queue, options.blockSize, options.alignment)
  }

  /** Writes all files, each once; then the layouts are final. */
  async writeAll(digests: ReadonlySet<Digest>): Promise<void> {
    for await (const file of readInOrder(this.#blobs, digests)) {
      this.#files.set(file.digest, await this.#writeFile(file))
    }
    await this.#fragments.finish()
    await this.#queue.finish()
  }

  /** Where the content of a written file is. */
  layoutOf(digest: Digest): FileLayout {
    const file = this.#files.get(digest)
    if (file === undefined) throw new MrrlError('E_INTERNAL', `squashfs: no content was written for ${digest}`)
    const { run, tail } = file
    const { fragment, offset } = tail ?? { fragment: null, offset: 0 }
    return { size: sizeOf(digest), start: run.start, blocks: run.sizes, sparse: run.sparse, fragment, offset }
  }

  get fragmentCount(): number {
    return this.#fragments.count
  }

  /** Entries of the fragment table. */
  encodeFragments(): Uint8Array {
    return this.#fragments.encode()
  }

  async #writeFile(file: FileContent): Promise<WrittenFile> {
    const { blockSize, fragments } = this.#options
    const tailSize = fragments ? file.size % blockSize : 0
    if (file.size === tailSize) {
      const tail = file.content === null || file.size === 0 ? null : await this.#placeTail(file.digest, file.content)
      return { run: NO_RUN, tail }
    }

    const run: BlockRun = { start: 0, sizes: new Uint32Array(Math.ceil((file.size - tailSize) / blockSize)), sparse: 0 }
    let used: BlockRun = run
    let index = 0
    let tail: TailPlace | null = null
    for await (const block of blocksOf(file, this.#blobs, blockSize)) {
      if (index === 0) used = await this.#sharedRun(file, run, file.size - tailSize, block)
      if (index === run.sizes.length) tail = await this.#writeTail(block)
      else if (used === run) await this.#writeBlock(block, run, index)
      index++
    }
    return { run: used, tail }
  }

  /** An equal run that was written before, or the new one, which is then to be written. */
  async #sharedRun(file: FileContent, run: BlockRun, length: number, firstBlock: Uint8Array): Promise<BlockRun> {
    const key = this.#runs.keyOf(length, firstBlock)
    for (const known of this.#runs.alike(key)) {
      const size = sizeOf(known.digest)
      const content = size > WHOLE_FILE ? null : await readWhole(this.#blobs, known.digest)
      const files = [file, { digest: known.digest, size, content }] as const
      if (await haveSameStart(files, length, this.#blobs, this.#options.blockSize)) return known.run
    }
    this.#runs.remember(key, { digest: file.digest, run })
    return run
  }

  async #writeBlock(block: Uint8Array, run: BlockRun, index: number): Promise<void> {
    if (isZero(block)) {
      run.sparse += block.length
      return
    }
    await this.#queue.add(block, (position, storedSize) => {
      if (run.start === 0) run.start = position
      run.sizes[index] = storedSize
    })
  }

  async #writeTail(bytes: Uint8Array): Promise<TailPlace> {
    const digest = digestOf(bytes)
    const place = await this.#placeTail(digest, bytes)
    this.#tails.set(digest, place)
    return place
  }

  async #placeTail(digest: Digest, bytes: Uint8Array): Promise<TailPlace> {
    const known = this.#tails.get(digest) ?? this.#files.get(digest)?.tail
    if (known !== undefined && known !== null) return known
    if (!this.#fragments.fits(bytes.length)) await this.#fragments.finish()
    return this.#fragments.add(bytes)
  }
}
