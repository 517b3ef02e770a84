import type { Store } from '../store/store.ts'
import type { UpdateConfig } from './config.ts'

/** One run over any number of packages: what an index answered to one holds for all. */
export interface UpdateSession {
  readonly config: UpdateConfig
  readonly store: Store
  /** The result of `make` for this key, made once. */
  readonly once: <T>(key: string, make: () => Promise<T>) => Promise<T>
}

export function openUpdateSession(config: UpdateConfig, store: Store): UpdateSession {
  const made = new Map<string, Promise<unknown>>()
  const once = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = made.get(key) as Promise<T> | undefined
    const result = known ?? make()
    if (known === undefined) made.set(key, result)
    return result
  }
  return { config, store, once }
}
