import { MrrlError } from '../util/errors.ts'
import { Fields } from './fields.ts'

const MAX_IDS = 2 ** 16 - 1

/** User and group ids: inodes hold 16-bit indices into this table of 32-bit ids. */
export class IdTable {
  readonly #indices = new Map<number, number>()

  /** Index of an id, which is added at first use; throws `E_IMAGE` when there are more than 65535. */
  indexOf(id: number): number {
    const known = this.#indices.get(id)
    if (known !== undefined) return known
    const index = this.#indices.size
    if (index === MAX_IDS)
      throw new MrrlError('E_IMAGE', `squashfs holds at most ${MAX_IDS} different user and group ids`)
    this.#indices.set(id, index)
    return index
  }

  get count(): number {
    return this.#indices.size
  }

  /** Entries of the table, one behind the other. */
  encode(): Uint8Array {
    return new Fields(this.count * 4).u32List([...this.#indices.keys()]).finish()
  }
}
