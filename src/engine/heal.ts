import type { Digest } from '../model/digest.ts'
import type { Plan } from '../plan/plan.ts'
import { downloadsOf } from '../plan/seed.ts'
import type { Store } from '../store/store.ts'
import { dropCheckouts } from '../store/sweep.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import type { BuiltPackage } from './build.ts'
import { unpackName } from './sources.ts'

/**
 * After damage was found in the store: forgets every result and source of this plan whose content is not whole, so
 * that it is built or fetched again, and drops the checkouts, which share the damaged files.
 */
export async function heal(plan: Plan, store: Store, built: ReadonlyMap<string, BuiltPackage>): Promise<void> {
  await dropCheckouts(store)
  for (const source of [...downloadsOf(plan), ...[...plan.nodes.values()].flatMap(({ recipe }) => recipe.sources)]) {
    const tree = await store.aliases.get(unpackName(source))
    if (tree !== undefined && !(await isWhole(store, tree))) {
      await store.aliases.remove(unpackName(source))
      const archive = await store.aliases.get(source.integrity)
      if (archive !== undefined && !(await store.blobs.verify(archive))) await store.aliases.remove(source.integrity)
    }
  }
  for (const { key, result } of built.values()) {
    if (!(await isWhole(store, result.output))) await store.actions.remove(key)
  }
}

/** True when every byte of a tree is there and right. Damaged blobs are removed on the way. */
async function isWhole(store: Store, tree: Digest): Promise<boolean> {
  try {
    const entries = await store.trees.entries(tree)
    const intact = await mapLimited(
      entries,
      8,
      async (entry) => entry.kind !== 'file' || store.blobs.verify(entry.digest),
    )
    return !intact.includes(false)
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_STORE_CORRUPT') return false
    throw error
  }
}
