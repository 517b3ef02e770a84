import { type BuildRequest, decodeRequest, encodeRequest, requestKey } from '../model/build-request.ts'
import type { Digest } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'

/** What is on record of a package's requests in one profile; undefined where nothing is. */
export interface History {
  /** Of the result that the profile used last. */
  readonly latest: BuildRequest | undefined
  /** Of another result that it used before that one. */
  readonly before: BuildRequest | undefined
}

/**
 * Keeps the request of a result that a profile uses, and moves the one it used until now to the second place. Nothing
 * but `mrrl why` depends on it, so a store that cannot be written is no failure.
 */
export async function recordRequest(store: Store, profile: string, name: string, request: BuildRequest): Promise<void> {
  const key = requestKey(request)
  const [latestName, beforeName] = requestNames(profile, name)
  try {
    await store.blobs.put(encodeRequest(request))
    const latest = await store.aliases.get(latestName)
    if (latest === key) return
    if (latest !== undefined) await store.aliases.put(beforeName, latest)
    await store.aliases.put(latestName, key)
  } catch (error) {
    const isUnwritable = error instanceof MrrlError && /^E_STORE_(READ_ONLY|FULL)$/.test(error.code)
    if (!isUnwritable) throw error
  }
}

/** Reads what {@link recordRequest} kept. */
export async function readHistory(store: Store, profile: string, name: string): Promise<History> {
  const [latestName, beforeName] = requestNames(profile, name)
  return { latest: await read(store, latestName), before: await read(store, beforeName) }
}

/** Names under which the store finds the two requests. */
export function requestNames(profile: string, name: string): [string, string] {
  return [`request:${profile}/${name}`, `request-before:${profile}/${name}`]
}

async function read(store: Store, alias: string): Promise<BuildRequest | undefined> {
  const key: Digest | undefined = await store.aliases.get(alias)
  if (key === undefined || !(await store.blobs.has(key))) return undefined
  return decodeRequest(await store.blobs.read(key))
}
