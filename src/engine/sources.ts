import { fetchBlob } from '../fetch/fetch-source.ts'
import type { FetchFailure } from '../fetch/first-place.ts'
import { unpackToTree } from '../fetch/unpack/unpack-to-tree.ts'
import type { Digest } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { Store } from '../store/store.ts'
import { canonicalJson, type Json } from '../util/canonical-json.ts'
import type { Settings } from './settings.ts'

/** Changes when unpacking gives another tree for the same archive. */
const UNPACK_VERSION = 1

/** Gets sources as trees, each at most once per run: from the store, else by fetching and unpacking. */
export class SourceTrees {
  readonly #store: Store
  readonly #settings: Settings
  readonly #started = new Map<string, Promise<Digest>>()
  readonly #waiting: { readonly order: number; readonly start: () => void }[] = []
  #isUnpacking = false

  constructor(store: Store, settings: Settings) {
    this.#store = store
    this.#settings = settings
  }

  /** The tree of a source, or undefined when it must be fetched or unpacked first. */
  async known(source: Source): Promise<Digest | undefined> {
    const tree = await this.#store.aliases.get(unpackName(source))
    return tree !== undefined && (await this.#store.blobs.has(tree)) ? tree : undefined
  }

  /** Digest of the source's tree. `name` is what events call it. */
  get(name: string, source: Source): Promise<Digest> {
    const key = unpackName(source)
    const started = this.#started.get(key)
    if (started !== undefined) return started
    const getting = this.#obtain(name, source, this.#started.size)
    getting.catch(() => undefined) // the one that awaits it reports it
    this.#started.set(key, getting)
    return getting
  }

  /** Forgets a source that turned out to be damaged in the store. */
  async forget(source: Source): Promise<void> {
    this.#started.delete(unpackName(source))
    await this.#store.aliases.remove(unpackName(source))
  }

  async #obtain(name: string, source: Source, order: number): Promise<Digest> {
    const known = await this.known(source)
    if (known !== undefined) return known
    const { signal, onEvent } = this.#settings
    const onProgress = (bytes: number): void => onEvent({ type: 'fetching', name, bytes, size: source.size })
    const onFailure = ({ from, error }: FetchFailure): void =>
      onEvent({ type: 'place failed', name, from, code: error.code, reason: error.message })
    const blob = await fetchBlob(source, this.#store, this.#settings.fetch, { signal, onProgress, onFailure })
    const tree = await this.#inTurn(order, () => {
      onEvent({ type: 'unpacking', name })
      return unpackToTree(blob, source, this.#store, undefined, signal)
    })
    await this.#store.blobs.sync()
    await this.#store.aliases.put(unpackName(source), tree)
    onEvent({ type: 'source ready', name })
    return tree
  }

  /**
   * Runs one piece of work at a time, of those that wait the one that was asked for first. Unpacking is all processor
   * and disk, and builds run beside it; what is needed first must not wait for what happened to arrive first.
   */
  async #inTurn<T>(order: number, work: () => Promise<T>): Promise<T> {
    if (this.#isUnpacking) {
      await new Promise<void>((start) => {
        this.#waiting.push({ order, start })
        this.#waiting.sort((a, b) => a.order - b.order)
      })
    }
    this.#isUnpacking = true
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#isUnpacking = false
      else next.start()
    }
  }
}

/** Name under which the store remembers the tree of a source. */
export function unpackName(source: Source): string {
  const { integrity, inner, strip, include, exclude } = source
  return `unpack-${UNPACK_VERSION}:${canonicalJson({ integrity, inner, strip, include, exclude } as Json)}`
}
