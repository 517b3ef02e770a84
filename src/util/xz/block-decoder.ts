import { setTimeout as sleep } from 'node:timers/promises'
import { MrrlError } from '../errors.ts'
import { type Lzma2Decoder, openLzma2Decoder } from '../lzma.ts'
import { BranchCoder } from './bcj.ts'
import type { BlockHeader } from './block-header.ts'
import { type Check, type RunningCheck, startCheck } from './check.ts'

const NOTHING = new Uint8Array(0)
const POLL_MS = 1
/** Polls without any output after which the decoder is asked for its end: it rejects if it has failed. */
const MAX_POLLS = 1000

/** Unpacks one block on a thread of its own, checks it, and hands out the bytes in order. */
export class BlockDecoder {
  readonly #lzma2: Lzma2Decoder
  readonly #filters: readonly BranchCoder[]
  readonly #check: RunningCheck
  #ready: Uint8Array[] = []
  #isFinishing = false
  #storedCheck: Uint8Array | null = null
  #expected = 0
  #collected = 0
  #polls = 0

  constructor(header: BlockHeader, check: Check) {
    this.#lzma2 = openLzma2Decoder(header.dictionarySize)
    this.#filters = header.filters.toReversed().map((filter) => new BranchCoder(filter, 'decode'))
    this.#check = startCheck(check)
  }

  /** Takes one LZMA2 chunk; does not wait for its decoding. */
  push(chunk: Uint8Array, unpackedSize: number): void {
    this.#expected += unpackedSize
    this.#collect(chunk)
  }

  /** All chunks were given; `storedCheck` is what the file says of their content. */
  end(storedCheck: Uint8Array): void {
    this.#storedCheck = storedCheck
  }

  /** A piece that is there already; undefined when there is none yet. Throws `E_ARCHIVE` when the data is damaged. */
  ready(): Uint8Array | undefined {
    if (this.#ready.length === 0 && !this.#isFinishing) this.#collect(NOTHING)
    const piece = this.#ready.shift()
    return piece === undefined ? undefined : this.#deliver(piece)
  }

  /** The next piece, or null after the last; throws `E_ARCHIVE` when the data is damaged. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.ready()
      if (piece !== undefined) return piece
      if (this.#isFinishing) return null
      // The end is asked for last: it comes in one piece, however large it is.
      const isStuck = this.#polls++ > MAX_POLLS
      if (this.#storedCheck !== null && (this.#collected === this.#expected || isStuck)) {
        return this.#finish(this.#storedCheck)
      }
      await sleep(POLL_MS)
    }
  }

  /** Stops the thread of a block that nobody wants any more. */
  abandon(): void {
    if (this.#isFinishing) return
    this.#isFinishing = true
    this.#lzma2.finish().catch(() => undefined)
  }

  #collect(input: Uint8Array): void {
    try {
      const output = this.#lzma2.push(input)
      if (output.length === 0) return
      this.#collected += output.length
      this.#polls = 0
      this.#ready.push(output)
    } catch (cause) {
      throw damaged(cause)
    }
  }

  #deliver(piece: Uint8Array): Uint8Array {
    let bytes = piece
    for (const filter of this.#filters) bytes = filter.push(bytes)
    this.#check.update(bytes)
    return bytes
  }

  async #finish(storedCheck: Uint8Array): Promise<Uint8Array> {
    this.#isFinishing = true
    const tail = await this.#lzma2.finish().catch((cause) => {
      throw damaged(cause)
    })
    if (this.#collected + tail.length !== this.#expected) throw damaged(undefined)
    let bytes = this.#deliver(tail)
    for (const [at, filter] of this.#filters.entries()) {
      let held = filter.end()
      for (const later of this.#filters.slice(at + 1)) held = later.push(held)
      this.#check.update(held)
      bytes = Buffer.concat([bytes, held])
    }
    if (Buffer.compare(this.#check.digest(), storedCheck) !== 0) {
      throw new MrrlError('E_ARCHIVE', 'xz: the unpacked data does not have the checksum that the file states')
    }
    return bytes
  }
}

function damaged(cause: unknown): MrrlError {
  return new MrrlError('E_ARCHIVE', 'xz: damaged LZMA2 data', { cause })
}
