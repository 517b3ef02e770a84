import { hash } from 'node:crypto'
import { type Digest, hashOf, makeDigest } from '../model/digest.ts'

/** Longest file that is kept, and the most that all of them may take, in bytes. */
const LONGEST = 2 ** 16
const MOST = 2 ** 26
const SLAB = 2 ** 22

/**
 * Small files that have been read: they need not be read again to be packed, and a file equal to one of them need not be
 * hashed, since comparing is several times as fast. At most 64 MiB.
 */
export class KeptFiles {
  readonly #contents = new Map<Digest, Uint8Array>()
  /** The first file with this checksum and size. */
  readonly #alike = new Map<number, Digest>()
  #slab = Buffer.alloc(0)
  #free = MOST

  /** SHA-256, as 64 hex digits, of the content of a file, whose checksum is `crc`. */
  sha256Of(content: Uint8Array, crc: number): string {
    if (content.length > LONGEST) return hash('sha256', content)
    const key = crc * LONGEST * 2 + content.length
    const alike = this.#alike.get(key)
    if (alike !== undefined && Buffer.compare(content, this.get(alike) as Uint8Array) === 0) return hashOf(alike)
    const sha256 = hash('sha256', content)
    if (alike === undefined && content.length <= this.#free)
      this.#keep(key, makeDigest(sha256, content.length), content)
    return sha256
  }

  /** Content by digest, if it was kept. */
  get(digest: Digest): Uint8Array | undefined {
    return this.#contents.get(digest)
  }

  #keep(key: number, digest: Digest, content: Uint8Array): void {
    if (content.length > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(SLAB)
    const copy = this.#slab.subarray(0, content.length)
    copy.set(content)
    this.#slab = this.#slab.subarray(content.length)
    this.#free -= content.length
    this.#alike.set(key, digest)
    this.#contents.set(digest, copy)
  }
}
