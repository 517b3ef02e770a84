import type { FetchSource } from '../fetch/candidates.ts'
import { type FetchAllOptions, fetchAll } from '../fetch/fetch-all.ts'
import { type FetchFailure, nameOf } from '../fetch/first-place.ts'
import { type LockedSource, lockedSources, type SourceUse } from '../fetch/locked-sources.ts'
import { sizeOf } from '../model/digest.ts'
import type { Lock } from '../model/lock.ts'
import { readLock } from '../recipes/lock-file.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { MrrlError } from '../util/errors.ts'
import { type FetchEvent, isRefusal } from './events.ts'
import type { Settings } from './settings.ts'

/** What fetching takes of the settings: recipes have no part in it, a lock says everything. */
export interface FetchSettings extends Pick<Settings, 'home' | 'fetch' | 'signal'> {
  readonly onEvent: (event: FetchEvent) => void
}

/** The lock of a profile on disk. */
export interface LockFile {
  readonly profile: string
  readonly path: string
}

/** One file after it was fetched. */
export interface FileReport {
  /** File names, the usual one first. */
  readonly names: readonly string[]
  readonly integrity: string
  readonly bytes: number
  readonly state: 'there' | 'from the store' | 'fetched'
  /** Path or URL of what was fetched, without credentials; '' otherwise. */
  readonly from: string
  readonly neededBy: readonly SourceUse[]
}

/** A place that had another file than the lock says. */
export interface RefusedFile {
  readonly name: string
  readonly from: string
  readonly code: string
  readonly reason: string
}

/** What `mrrl fetch` did. */
export interface FetchReport {
  readonly profiles: readonly string[]
  readonly files: readonly FileReport[]
  readonly refused: readonly RefusedFile[]
  readonly wallMs: number
}

/**
 * Brings every source of the locks into the store. Throws `E_LOCK_MISSING` and `E_LOCK_INVALID` before any work, and
 * after everything that can be had was fetched what `forAllSources` throws; `E_INTERRUPTED`.
 */
export async function fetchLocked(locks: readonly LockFile[], settings: FetchSettings): Promise<FetchReport> {
  const started = performance.now()
  const sources = lockedSources(await readLocks(locks))
  const store = await openStore(settings.home)
  const watch = new FetchWatch(sources, settings)
  const found = await watch.run(() =>
    useStore(
      store.layout,
      async () => {
        const fetched = await fetchAll(sources, store, settings.fetch, watch.options)
        await store.blobs.sync()
        return fetched
      },
      sweepLeftovers,
    ),
  )
  const files = sources.flatMap((source): FileReport[] => {
    const fetched = found.get(source.integrity)
    if (fetched === undefined) return []
    const state = fetched.from === undefined ? 'there' : 'fetched'
    return [{ ...fileOf(source), bytes: sizeOf(fetched.blob), state, from: fetched.from ?? '' }]
  })
  const profiles = locks.map(({ profile }) => profile)
  return { profiles, files, refused: watch.refused, wallMs: Math.round(performance.now() - started) }
}

/** Reads locks in their order. Throws `E_LOCK_MISSING` and `E_LOCK_INVALID`. */
export async function readLocks(locks: readonly LockFile[]): Promise<Lock[]> {
  const found: Lock[] = []
  for (const { profile, path } of locks) found.push(await readLock(path, profile))
  return found
}

/** The fields of a file's report that its source tells. */
export function fileOf({
  names,
  integrity,
  neededBy,
}: LockedSource): Pick<FileReport, 'names' | 'integrity' | 'neededBy'> {
  return { names, integrity, neededBy }
}

/** Turns what happens to sources into events, and keeps those that people must hear of at the end. */
export class FetchWatch {
  readonly refused: RefusedFile[] = []
  readonly options: FetchAllOptions
  readonly #settings: FetchSettings

  constructor(sources: readonly LockedSource[], settings: FetchSettings) {
    const { onEvent, signal } = settings
    this.#settings = settings
    this.options = {
      signal,
      onProgress: (source, bytes) => onEvent({ type: 'fetching', name: nameOf(source), bytes, size: source.size }),
      onDone: (source) => onEvent({ type: 'file ready', name: nameOf(source) }),
      onFailure: (source, failure) => this.#failed(source, failure),
    }
    onEvent({ type: 'wanted', files: sources.length, bytes: sources.reduce((sum, { size }) => sum + size, 0) })
  }

  /** Runs `work`; what it throws after a signal is `E_INTERRUPTED`. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!this.#settings.signal.aborted) throw error
      throw new MrrlError('E_INTERRUPTED', 'the command was interrupted', {
        hint: 'Run it again: files that are complete are kept.',
      })
    }
  }

  #failed(source: FetchSource, { from, error }: FetchFailure): void {
    const failed = { name: nameOf(source), from, code: error.code, reason: error.message }
    this.#settings.onEvent({ type: 'place failed', ...failed })
    if (isRefusal(error.code)) this.refused.push(failed)
  }
}
