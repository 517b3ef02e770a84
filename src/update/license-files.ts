import { createHash } from 'node:crypto'
import { ByteReader } from '../archive/byte-reader.ts'
import { decompress } from '../archive/decompress.ts'
import { Budget, DEFAULT_LIMITS } from '../archive/limits.ts'
import { BLOCK, looksLikeTar } from '../archive/tar-header.ts'
import { readTar } from '../archive/tar-reader.ts'
import type { Digest } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import { compareBytes } from '../util/compare.ts'

/** Names under which projects keep their terms, in the first two levels of an archive. */
const NAMES = /^(copying|licen[cs]e|copyright|notice|unlicense)([.-][a-z0-9.+-]{1,40})?$/i
const DEEPEST = 3

/**
 * Hashes of the licence files of an archive, by path below its one top folder. Empty for what is no tar archive.
 * Throws `E_ARCHIVE*` when it cannot be read.
 */
export async function licenseFiles(blob: Digest, store: Store): Promise<ReadonlyMap<string, string>> {
  const budget = new Budget(DEFAULT_LIMITS)
  const outer = new ByteReader(store.blobs.stream(blob))
  const { reader } = await decompress(outer, budget)
  const found = new Map<string, string>()
  try {
    if (!looksLikeTar(await reader.peek(BLOCK))) return found
    for await (const entry of readTar(reader, budget.limits)) {
      const segments = entry.path.split('/')
      if (entry.kind !== 'file' || segments.length > DEEPEST || !NAMES.test(segments.at(-1) ?? '')) continue
      const hash = createHash('sha256')
      for await (const piece of entry.content.pieces()) hash.update(piece)
      found.set(segments.slice(1).join('/') || entry.path, hash.digest('hex'))
    }
    return found
  } finally {
    await reader.close()
    if (reader !== outer) await outer.close()
  }
}

/** Paths that only one of the two has, or that differ. */
export function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort(compareBytes)
}
