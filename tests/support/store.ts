import { type Digest, digestOf } from '../../src/model/digest.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { noise } from './bytes.ts'
import { withFolder } from './tools.ts'

/** Calls `body` with a new empty store and its home, and removes it afterwards. */
export function withStore<T>(body: (store: Store, home: string) => T | Promise<T>): Promise<T> {
  return withFolder(async (home) => body(await openStore(home), home))
}

/** What {@link fillStore} has put into a store. */
export interface Filled {
  readonly key: Digest
  /** Root with `bin/tool`. */
  readonly tree: Digest
  /** The folder `bin`. */
  readonly below: Digest
  /** The executable `tool`. */
  readonly file: Digest
  readonly log: Digest
  readonly archive: Digest
}

/** Puts one of each kind into a store: an action with a tree and a log, an archive, and aliases for tree and archive. */
export async function fillStore(store: Store, seed = 1): Promise<Filled> {
  const builder = store.trees.create()
  const file = await builder.addFile('bin/tool', noise(5000, seed), true)
  const tree = await builder.finish()
  const below = (await store.trees.directory(tree)).directories[0]?.digest as Digest
  const log = await store.blobs.put(Buffer.from(`log ${seed}\n`))
  const archive = await store.blobs.put(noise(3000, seed + 1000))
  const key = digestOf(Buffer.from(`action ${seed}`))
  await store.actions.put(key, { name: `package ${seed}`, output: tree, log, wallMs: 1, cpuMs: 1 })
  await store.aliases.put(`sha256-${seed}`, archive)
  await store.aliases.put(`unpack ${seed}`, tree)
  return { key, tree, below, file, log, archive }
}
