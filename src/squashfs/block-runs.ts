import { crc32 } from 'node:zlib'
import type { Digest } from '../model/digest.ts'

/** Blocks of a file, one behind the other in the image. */
export interface BlockRun {
  /** Position of the first block that is not zeros; final only when it is written. */
  start: number
  /** Per block its stored size, as `FileLayout.blocks`. */
  readonly sizes: Uint32Array
  /** Bytes in blocks of zeros. */
  sparse: number
}

/** A run and a file that has its bytes at the start. */
export interface KnownRun {
  readonly digest: Digest
  readonly run: BlockRun
}

/** So many runs that begin alike are remembered, and compared with a further one. */
const MOST_ALIKE = 4

/**
 * Finds runs that may be equal, so that files which differ in their tails only share their blocks. It knows of a run
 * only its length and a checksum of its first block: whether two are equal is seen by reading them.
 */
export class BlockRuns {
  readonly #runs = new Map<string, KnownRun[]>()

  /** Key of a run of `length` bytes. */
  keyOf(length: number, firstBlock: Uint8Array): string {
    return `${length} ${crc32(firstBlock)}`
  }

  alike(key: string): readonly KnownRun[] {
    return this.#runs.get(key) ?? []
  }

  remember(key: string, known: KnownRun): void {
    const runs = this.#runs.get(key)
    if (runs === undefined) this.#runs.set(key, [known])
    else if (runs.length < MOST_ALIKE) runs.push(known)
  }
}
