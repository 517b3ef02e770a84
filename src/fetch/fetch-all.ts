import type { Digest } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import type { FetchSource } from './candidates.ts'
import type { FetchConfig } from './config.ts'
import { type FetchFailure, fetchBlob } from './fetch-source.ts'

/** Options of {@link fetchAll}. */
export interface FetchAllOptions {
  readonly signal?: AbortSignal
  /** Files under way at once; default 4. */
  readonly parallel?: number
  /** Bytes of one source that have come so far. */
  readonly onProgress?: (source: FetchSource, received: number) => void
  /** A place that did not have a right file, while others are still to be tried. */
  readonly onFailure?: (source: FetchSource, failure: FetchFailure) => void
}

/**
 * Brings all sources into the store and returns their blobs by integrity. One that fails does not stop the others, so
 * that one run shows all that is missing. Throws the error of {@link fetchBlob} for one, and for more the first by
 * order of the sources, with all in the field `failed`.
 */
export async function fetchAll(
  sources: readonly FetchSource[],
  store: Store,
  config: FetchConfig,
  options: FetchAllOptions = {},
): Promise<ReadonlyMap<string, Digest>> {
  const { onProgress, onFailure } = options
  const unique = [...new Map(sources.map((source) => [source.integrity, source])).values()]
  const blobs = new Map<string, Digest>()
  const errors: (MrrlError | undefined)[] = []
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  await mapLimited(unique, options.parallel ?? 4, async (source, index) => {
    try {
      const digest = await fetchBlob(source, store, config, {
        signal,
        onProgress: (received) => onProgress?.(source, received),
        onFailure: (failure) => onFailure?.(source, failure),
      })
      blobs.set(source.integrity, digest)
    } catch (error) {
      if (error instanceof MrrlError && error.exit !== STORE_EXIT) errors[index] = error
      else stop.abort(error)
    }
  })
  signal.throwIfAborted()
  const failed = errors.filter((error) => error !== undefined)
  const [first] = failed
  if (first === undefined) return blobs
  if (failed.length === 1) throw first
  throw new MrrlError(first.code, `${failed.length} of ${unique.length} sources could not be fetched`, {
    fields: { failed: failed.map(summary) },
    cause: first,
  })
}

/** Exit status of all errors of the store: what stops one source stops all. */
const STORE_EXIT = 10

function summary({ code, message, fields }: MrrlError): string {
  const tried = Array.isArray(fields.tried) ? `: ${fields.tried.join('; ')}` : ''
  return `${code} ${message}${tried}`
}
