import { lockedSources } from '../fetch/locked-sources.ts'
import { type FilledFile, fillMirror, type MirrorOrder } from '../mirror/fill.ts'
import { type MirrorVerification, verifyMirror } from '../mirror/verify.ts'
import { writeBundle } from '../mirror/write-bundle.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { type FetchReport, type FetchSettings, FetchWatch, fileOf, type LockFile, readLocks } from './fetch.ts'

export type { MirrorVerification }

/** What `mrrl mirror` did. */
export interface MirrorReport extends FetchReport {
  /** Absolute path of the mirror. */
  readonly folder: string
  /** The bundle; undefined where none was asked for. */
  readonly bundle: { readonly path: string; readonly bytes: number } | undefined
}

/**
 * Brings every source of the locks into a mirror, from the store where it has them.
 * @param bundle file that gets the same as a whole; '' for none
 * Throws as `fetchLocked` and `fillMirror`; a bundle is written only when nothing is missing.
 */
export async function mirror(
  folder: string,
  bundle: string,
  locks: readonly LockFile[],
  settings: FetchSettings,
): Promise<MirrorReport> {
  const started = performance.now()
  const sources = lockedSources(await readLocks(locks))
  const profiles = locks.map(({ profile }) => profile)
  const store = await openStore(settings.home)
  const watch = new FetchWatch(sources, settings)
  const order = { profiles, sources }
  return watch.run(async () => {
    const { files } = await useStore(
      store.layout,
      () => fillMirror(folder, order, store, settings.fetch, watch.options),
      sweepLeftovers,
    )
    const path = bundle === '' ? undefined : bundle
    const written = path === undefined ? undefined : { path, bytes: await pack(folder, order, files, path, settings) }
    return {
      profiles,
      folder,
      files: files.map(({ source, size, state, from }) => ({ ...fileOf(source), bytes: size, state, from })),
      refused: watch.refused,
      bundle: written,
      wallMs: Math.round(performance.now() - started),
    }
  })
}

/** Hashes every file of a mirror. Throws `E_MIRROR` for a folder that is none, `E_INTERRUPTED`. */
export async function checkMirror(folder: string, settings: FetchSettings): Promise<MirrorVerification> {
  const watch = new FetchWatch([], settings)
  const { signal, onEvent } = settings
  return watch.run(() =>
    verifyMirror(folder, { signal, onProgress: (done, files) => onEvent({ type: 'checked', done, files }) }),
  )
}

function pack(
  folder: string,
  order: MirrorOrder,
  files: readonly FilledFile[],
  path: string,
  { signal, onEvent }: FetchSettings,
): Promise<number> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const onProgress = (bytes: number): void => onEvent({ type: 'packing', bytes, size: total })
  return writeBundle(folder, order, files, path, { signal, onProgress })
}
