import { damagedElf } from './view.ts'

/** Bytes of one name; C++ makes long ones. */
const LONGEST_NAME = 2 ** 16

/** Names by offset. Many may share their bytes, so what all of them take is bounded: `E_ARCHIVE`. */
export class StringTable {
  readonly #bytes: Buffer
  #budget: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#budget = 16 * bytes.length + LONGEST_NAME
  }

  at(offset: number): string {
    if (offset >= this.#bytes.length) return offset === 0 ? '' : `name ${offset}`
    const end = this.#bytes.indexOf(0, offset)
    const stop = end < 0 ? this.#bytes.length : end
    if (stop - offset > LONGEST_NAME) throw damagedElf('a name without an end')
    this.#budget -= stop - offset
    if (this.#budget < 0) throw damagedElf('more names than it has room for')
    return this.#bytes.toString('latin1', offset, stop)
  }
}
