import type { Digest } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import type { FetchSource } from './candidates.ts'
import type { FetchConfig } from './config.ts'
import { fetchMissing, findBlob } from './fetch-source.ts'
import type { FetchFailure, FetchOptions } from './first-place.ts'

/** Options of {@link forAllSources}. */
export interface FetchAllOptions {
  readonly signal?: AbortSignal
  /** Files under way at once; default 4. */
  readonly parallel?: number
  /** Bytes of one source that have come so far. */
  readonly onProgress?: (source: FetchSource, received: number) => void
  /** A place that did not have a right file, while others are still to be tried. */
  readonly onFailure?: (source: FetchSource, failure: FetchFailure) => void
  /** A source that is there now, or was before. */
  readonly onDone?: (source: FetchSource) => void
}

/** One source in the store. */
export interface Fetched {
  readonly blob: Digest
  /** Path or URL it came from, without credentials; undefined when the store had it. */
  readonly from: string | undefined
}

/** Brings all sources into the store, by integrity. Throws as {@link forAllSources}. */
export function fetchAll(
  sources: readonly FetchSource[],
  store: Store,
  config: FetchConfig,
  options: FetchAllOptions = {},
): Promise<ReadonlyMap<string, Fetched>> {
  return forAllSources(sources, options, async (source, fetchOptions): Promise<Fetched> => {
    const stored = await findBlob(source, store)
    if (stored !== undefined) return { blob: stored, from: undefined }
    const { kept, from } = await fetchMissing(source, store, config, fetchOptions)
    return { blob: kept, from }
  })
}

/**
 * Gets several sources side by side, each integrity once, and returns what `get` gave by integrity. One that cannot be
 * had does not stop the others, so that one run shows all that is missing; any other error does. Throws the error of
 * `get` for one, and for more the first by order of the sources, with all in the field `failed`.
 */
export async function forAllSources<S extends FetchSource, T>(
  sources: readonly S[],
  options: FetchAllOptions,
  get: (source: S, options: FetchOptions) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const { onProgress, onFailure } = options
  const unique = [...new Map(sources.map((source) => [source.integrity, source])).values()]
  const found = new Map<string, T>()
  const errors: (MrrlError | undefined)[] = []
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  await mapLimited(unique, options.parallel ?? 4, async (source, index) => {
    if (signal.aborted) return
    try {
      const got = await get(source, {
        signal,
        onProgress: (received) => onProgress?.(source, received),
        onFailure: (failure) => onFailure?.(source, failure),
      })
      found.set(source.integrity, got)
      options.onDone?.(source)
    } catch (error) {
      if (error instanceof MrrlError && SOURCE_CODES.has(error.code)) errors[index] = error
      else stop.abort(error)
    }
  })
  signal.throwIfAborted()
  const failed = errors.filter((error) => error !== undefined)
  const [first] = failed
  if (first === undefined) return found
  if (failed.length === 1) throw first
  const isSameHint = failed.every(({ hint }) => hint === first.hint)
  throw new MrrlError(first.code, `${failed.length} of ${unique.length} sources could not be fetched`, {
    fields: { failed: failed.map(summary) },
    ...(isSameHint && { hint: first.hint }),
    cause: first,
  })
}

/** Errors of one source; all others, such as a full disk, would stop the next one too. */
const SOURCE_CODES = new Set(['E_FETCH', 'E_FETCH_SIZE', 'E_INTEGRITY', 'E_OFFLINE', 'E_RECIPE_INVALID'])

function summary({ code, message, fields }: MrrlError): string {
  const tried = Array.isArray(fields.tried) ? `: ${fields.tried.join('; ')}` : ''
  return `${code} ${message}${tried}`
}
