import { storeSide } from '../compare/open-side.ts'
import type { Side } from '../compare/side.ts'
import { fileSource } from '../compare/source.ts'
import { openFile } from '../formats/file-access.ts'
import { type Digest, hashOf } from '../model/digest.ts'
import { hasTree } from '../store/copy.ts'
import type { Store } from '../store/store.ts'

/** Where the bits are: the user's store, and what rounds handed over. */
export class Places {
  readonly #stores: Store[]

  constructor(first: Store) {
    this.#stores = [first]
  }

  add(store: Store): void {
    this.#stores.push(store)
  }

  /** The store that has all of a tree; undefined when none has. */
  async ofTree(root: Digest): Promise<Store | undefined> {
    for (const store of this.#stores) if (await hasTree(store, root)) return store
    return undefined
  }

  /** The store that has a blob. */
  async ofBlob(digest: Digest): Promise<Store | undefined> {
    for (const store of this.#stores) if (await store.blobs.has(digest)) return store
    return undefined
  }

  /** A tree as a side of a comparison. */
  async treeSide(root: Digest): Promise<Side | undefined> {
    const store = await this.ofTree(root)
    return store === undefined ? undefined : storeSide(hashOf(root), await store.trees.entries(root), store.blobs)
  }

  /** An image file as a side of a comparison. */
  async imageSide(digest: Digest): Promise<Side | undefined> {
    const store = await this.ofBlob(digest)
    if (store === undefined) return undefined
    const file = await openFile(await store.blobs.inode(digest, false))
    return { kind: 'file', name: hashOf(digest), source: fileSource(file), close: () => file.close() }
  }
}
