import type { Basis } from '../engine/rebuild.ts'
import type { FetchConfig } from '../fetch/config.ts'
import { fetchBlob } from '../fetch/fetch-source.ts'
import type { Source } from '../model/recipe.ts'
import { copyBlob, copyTree } from '../store/copy.ts'
import { openStore, type Store } from '../store/store.ts'

/** Makes a store of what a rebuild starts from, out of another store. Returns the bytes in it. */
export async function makeStart(home: string, basis: Basis, from: Store): Promise<number> {
  const start = await openStore(home)
  let bytes = 0
  for (const { name, digest, kind } of basis.sources) {
    if (kind === 'archive') bytes += await copyBlob(from, start, digest)
    else bytes += await copyTree(from, start, digest, kind === 'tree' ? 'all' : 'folders')
    await start.aliases.put(name, digest)
  }
  for (const { key, result } of basis.actions) {
    bytes += await copyTree(from, start, result.output)
    bytes += await copyBlob(from, start, result.log)
    await start.actions.put(key, result)
  }
  return bytes
}

/** Fetches sources into a store as if nothing had ever been fetched. */
export async function fetchAnew(
  sources: readonly Source[],
  home: string,
  config: FetchConfig,
  signal: AbortSignal,
): Promise<void> {
  const store = await openStore(home)
  for (const source of sources) await fetchBlob(source, store, config, { signal, onProgress: () => undefined })
}
