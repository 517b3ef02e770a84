import { hash } from 'node:crypto'
import { type Digest, hashOf, makeDigest } from '../model/digest.ts'
import { type FileHash, hashContent } from './file-hash.ts'

/** Longest file that is kept, and the most that all of them may take, in bytes. */
const LONGEST = 2 ** 16
const MOST = 2 ** 26
const SLAB = 2 ** 22
/** Places of a file that are looked at to find one that may be equal. */
const SAMPLES = 8

/**
 * Small files that have been read: they need not be read again to be packed, and a file equal to one of them need not be
 * hashed, since comparing is several times as fast. At most 64 MiB.
 */
export class KeptFiles {
  readonly #contents = new Map<Digest, Uint8Array>()
  /** The first file with this size and these samples. */
  readonly #alike = new Map<number, Digest>()
  #slab = Buffer.alloc(0)
  #free = MOST

  /** Hash of the content of a file, which is kept where there is room. */
  hash(content: Uint8Array): FileHash {
    const size = content.length
    if (size > LONGEST) return hashContent(content)
    const key = sample(content)
    const alike = this.#alike.get(key)
    if (alike !== undefined && Buffer.compare(content, this.get(alike) as Uint8Array) === 0) {
      return { size, sha256: hashOf(alike), crc32: 0 }
    }
    if (alike !== undefined || size > this.#free) return hashContent(content)
    const sha256 = hash('sha256', content)
    this.#alike.set(key, this.#keep(makeDigest(sha256, size), content))
    return { size, sha256, crc32: 0 }
  }

  /** Content by digest, if it was kept. */
  get(digest: Digest): Uint8Array | undefined {
    return this.#contents.get(digest)
  }

  #keep(digest: Digest, content: Uint8Array): Digest {
    if (content.length > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(SLAB)
    const copy = this.#slab.subarray(0, content.length)
    copy.set(content)
    this.#slab = this.#slab.subarray(content.length)
    this.#free -= content.length
    this.#contents.set(digest, copy)
    return digest
  }
}

/** A number that is the same for equal files, and seldom for others. */
function sample(content: Uint8Array): number {
  const step = Math.max(1, Math.floor(content.length / SAMPLES))
  let mixed = content.length
  for (let at = content.length - 1; at >= 0; at -= step) {
    mixed = Math.imul(mixed ^ (content[at] as number), 0x01000193) // the prime of FNV-1a
  }
  return mixed
}
