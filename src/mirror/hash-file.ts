import { createHash } from 'node:crypto'
import type { Integrity } from '../fetch/integrity.ts'
import { readLocal } from '../fetch/read-local.ts'

/** What is in a file. */
export interface FileHashes {
  /** Bytes. */
  readonly size: number
  /** Lower-case hex digits. */
  readonly sha256: string
  readonly sha512: string
}

/** Hashes a file by the algorithms that mirrors know; '' for one that is not asked for. Throws `E_FETCH` as `readLocal`. */
export async function hashFile(
  path: string,
  algorithms: readonly Integrity['algorithm'][],
  signal?: AbortSignal,
): Promise<FileHashes> {
  const hashers = algorithms.map((algorithm) => ({ algorithm, hasher: createHash(algorithm) }))
  let size = 0
  for await (const piece of readLocal(path)) {
    signal?.throwIfAborted()
    size += piece.length
    for (const { hasher } of hashers) hasher.update(piece)
  }
  const found = { size, sha256: '', sha512: '' }
  for (const { algorithm, hasher } of hashers) found[algorithm] = hasher.digest('hex')
  return found
}
