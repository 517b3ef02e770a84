import { type Digest, makeDigest, sizeOf } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import type { FetchSource } from './candidates.ts'
import type { FetchConfig } from './config.ts'
import { type FetchOptions, type Found, fromFirstPlace } from './first-place.ts'
import { parseIntegrity } from './integrity.ts'

/**
 * Brings one source into the store and returns its blob; costs nothing when it is there. Bytes are hashed as they come
 * and become a blob only when they are what `integrity` and `size` say. Throws as {@link fromFirstPlace}.
 */
export async function fetchBlob(
  source: FetchSource,
  store: Store,
  config: FetchConfig,
  options: FetchOptions = {},
): Promise<Digest> {
  return (await findBlob(source, store)) ?? (await fetchMissing(source, store, config, options)).kept
}

/** As {@link fetchBlob} for a source that the store does not hold; says where it came from, too. */
export async function fetchMissing(
  source: FetchSource,
  store: Store,
  config: FetchConfig,
  options: FetchOptions = {},
): Promise<Found<Digest>> {
  // A download that is cut off by the end of the program starts again: what a killed program left in a store is swept.
  const keeper = {
    keep: (pieces: AsyncIterable<Uint8Array>) => store.blobs.putStream(pieces),
    start: async () => undefined,
  }
  const found = await fromFirstPlace(source, config, keeper, options)
  if (found.kept !== digestNamed(source)) await store.aliases.put(source.integrity, found.kept)
  return found
}

/** The blob of a source, if the store holds it. */
export async function findBlob(source: FetchSource, store: Store): Promise<Digest | undefined> {
  const named = digestNamed(source)
  if (named !== undefined && (await store.blobs.has(named))) return named
  const digest = await store.aliases.get(source.integrity)
  return digest !== undefined && sizeOf(digest) <= source.size && (await store.blobs.has(digest)) ? digest : undefined
}

/** The blob's digest where integrity and size tell it: a SHA-256 with the exact size. */
function digestNamed({ integrity, size }: FetchSource): Digest | undefined {
  const { algorithm, hex } = parseIntegrity(integrity)
  return algorithm === 'sha256' ? makeDigest(hex, size) : undefined
}
