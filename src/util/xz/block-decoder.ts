import { setTimeout as sleep } from 'node:timers/promises'
import { MrrlError } from '../errors.ts'
import { type Lzma2Decoder, openLzma2Decoder } from '../lzma.ts'
import { BranchCoder } from './bcj.ts'
import type { BlockHeader } from './block-header.ts'
import { type Check, type RunningCheck, startCheck } from './check.ts'

const NOTHING = new Uint8Array(0)
const POLL_MS = 1

/** Unpacks one block on a thread of its own, checks it, and hands out the bytes in order. */
export class BlockDecoder {
  readonly #lzma2: Lzma2Decoder
  readonly #filters: readonly BranchCoder[]
  readonly #check: RunningCheck
  #ready: Uint8Array[] = []
  #tail: Promise<Uint8Array> | null = null
  #storedCheck: Uint8Array = NOTHING
  #expected = 0
  #unpacked = 0
  #done = false

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
    this.#tail = this.#lzma2.finish()
    // The rejection is met in next(); until then it must not count as unhandled.
    this.#tail.catch(() => undefined)
  }

  /** The next piece, or null after the last; throws `E_ARCHIVE` when the data is damaged. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#ready.shift()
      if (piece !== undefined) return this.#deliver(piece)
      if (this.#tail !== null) return this.#finish(this.#tail)
      this.#collect(NOTHING)
      if (this.#ready.length === 0) await sleep(POLL_MS)
    }
  }

  /** Stops the thread of a block that nobody wants any more. */
  abandon(): void {
    if (this.#tail === null) this.#lzma2.finish().catch(() => undefined)
  }

  #collect(input: Uint8Array): void {
    try {
      const output = this.#lzma2.push(input)
      if (output.length > 0) this.#ready.push(output)
    } catch (cause) {
      throw damaged(cause)
    }
  }

  #deliver(piece: Uint8Array): Uint8Array {
    let bytes = piece
    this.#unpacked += piece.length
    for (const filter of this.#filters) bytes = filter.push(bytes)
    this.#check.update(bytes)
    return bytes
  }

  async #finish(tail: Promise<Uint8Array>): Promise<Uint8Array | null> {
    if (this.#done) return null
    this.#done = true
    const last = await tail.catch((cause) => {
      throw damaged(cause)
    })
    let bytes = this.#deliver(last)
    for (const [at, filter] of this.#filters.entries()) {
      let held = filter.end()
      for (const later of this.#filters.slice(at + 1)) held = later.push(held)
      this.#check.update(held)
      bytes = Buffer.concat([bytes, held])
    }
    if (this.#unpacked !== this.#expected) throw damaged(undefined)
    if (Buffer.compare(this.#check.digest(), this.#storedCheck) !== 0) {
      throw new MrrlError('E_ARCHIVE', 'xz: the unpacked data does not have the checksum that the file states')
    }
    return bytes
  }
}

function damaged(cause: unknown): MrrlError {
  return new MrrlError('E_ARCHIVE', 'xz: damaged LZMA2 data', { cause })
}
