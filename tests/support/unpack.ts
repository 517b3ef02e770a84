import { type ArchiveLimits, DEFAULT_LIMITS } from '../../src/archive/limits.ts'
import { type UnpackSource, unpackToTree } from '../../src/fetch/unpack/unpack-to-tree.ts'
import type { Digest } from '../../src/model/digest.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { withFolder } from './tools.ts'

/** Calls `body` with an empty store and removes it afterwards. */
export async function withStore<T>(body: (store: Store) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => body(await openStore(folder)))
}

/** Puts bytes into the store and unpacks them as a source named `file`. */
export async function unpackBytes(
  store: Store,
  file: string,
  bytes: Uint8Array,
  source: Partial<UnpackSource> = {},
  limits: Partial<ArchiveLimits> = {},
): Promise<Digest> {
  const defaults = { from: [`file:/archives/${file}`], inner: [], strip: 0, include: [], exclude: [] }
  const blob = await store.blobs.put(bytes)
  return unpackToTree(blob, { ...defaults, ...source }, store, { ...DEFAULT_LIMITS, ...limits })
}

/** A tree as lines: `-` or `x` for files with the start of their hash, `l` with the target, `d`. */
export async function listTree(store: Store, tree: Digest): Promise<string[]> {
  return (await store.trees.entries(tree)).map((entry) => {
    if (entry.kind === 'directory') return `d ${entry.path}`
    if (entry.kind === 'symlink') return `l ${entry.path} -> ${entry.target}`
    return `${entry.executable ? 'x' : '-'} ${entry.path} ${entry.digest.slice(0, 12)}`
  })
}
