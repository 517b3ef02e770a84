import { arm64Converter } from './bcj-arm64.ts'
import { x86Converter } from './bcj-x86.ts'
import type { XzFilter } from './block-header.ts'

/** To `encode` is to make branch addresses absolute. */
export type Direction = 'encode' | 'decode'

/**
 * Converts branch addresses in place and returns how many bytes from the start are final; the rest (at most 4) must
 * be given again with what follows. It keeps its position, so calls must be in the order of the data.
 */
export type BranchConverter = (bytes: Uint8Array) => number

const CONVERTERS = { x86: x86Converter, arm64: arm64Converter } as const

/** Converts the branch addresses of data that comes in pieces. */
export class BranchCoder {
  readonly #convert: BranchConverter
  #held: Uint8Array = new Uint8Array(0)

  constructor(filter: XzFilter, direction: Direction) {
    this.#convert = CONVERTERS[filter](direction)
  }

  /** Takes the next piece, which it may change, and returns what is final. */
  push(piece: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const done = this.#convert(bytes)
    this.#held = bytes.slice(done)
    return bytes.subarray(0, done)
  }

  /** The last bytes, which are too few to hold a branch. */
  end(): Uint8Array {
    return this.#held
  }
}
