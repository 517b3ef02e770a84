import { mkdir } from 'node:fs/promises'
import { ActionStore } from './actions.ts'
import { AliasStore } from './aliases.ts'
import { BlobStore } from './blobs.ts'
import { CheckoutStore } from './checkouts.ts'
import { diskError } from './disk.ts'
import { Layout } from './layout.ts'
import { TreeStore } from './trees.ts'

/** The content-addressed store: safe with several processes at once, and after a crash at any point. */
export interface Store {
  readonly layout: Layout
  readonly blobs: BlobStore
  readonly trees: TreeStore
  readonly checkouts: CheckoutStore
  readonly actions: ActionStore
  readonly aliases: AliasStore
}

/**
 * Opens the store below `home`, making its folders on first use. Throws `E_STORE_*` when the disk refuses.
 * @param order in which the files of checkouts are created
 */
export async function openStore(home: string, order: 'forwards' | 'backwards' = 'forwards'): Promise<Store> {
  const layout = new Layout(home)
  for (const folder of [
    layout.blobs,
    layout.actions,
    layout.checkouts,
    layout.aliases,
    layout.tmp,
    layout.failed,
    layout.running,
  ]) {
    try {
      await mkdir(folder, { recursive: true })
    } catch (error) {
      throw diskError(folder, error)
    }
  }
  const blobs = new BlobStore(layout)
  const trees = new TreeStore(blobs)
  return {
    layout,
    blobs,
    trees,
    checkouts: new CheckoutStore(layout, blobs, trees, order),
    actions: new ActionStore(layout, blobs),
    aliases: new AliasStore(layout),
  }
}
