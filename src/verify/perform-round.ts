import { type Rebuilt, rebuild } from '../engine/rebuild.ts'
import type { Settings } from '../engine/settings.ts'
import type { Digest } from '../model/digest.ts'
import { copyBlob, copyTree } from '../store/copy.ts'
import { openStore } from '../store/store.ts'
import type { RoundOrder } from './order.ts'

/** Does what an order says, in the process of the round, and hands over what came out and is not known. */
export async function performRound(order: RoundOrder, settings: Settings): Promise<Rebuilt> {
  const store = await openStore(order.home, order.surroundings.fileOrder)
  const rebuilt = await rebuild(order.profile, order.packages, order.withImages, store, settings, order.seed)
  const results = await openStore(order.results)
  const known = new Set<Digest>(order.known)
  for (const name of order.packages) {
    const output = rebuilt.outputs[name]
    if (output !== undefined && !known.has(output)) await copyTree(store, results, output)
  }
  for (const digest of Object.values(rebuilt.images)) {
    if (!known.has(digest)) await copyBlob(store, results, digest)
  }
  return rebuilt
}
