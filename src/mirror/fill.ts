import { lstat, mkdir, readdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { FetchConfig } from '../fetch/config.ts'
import { type FetchAllOptions, forAllSources } from '../fetch/fetch-all.ts'
import { findBlob } from '../fetch/fetch-source.ts'
import { type FetchOptions, fromFirstPlace } from '../fetch/first-place.ts'
import type { LockedSource } from '../fetch/locked-sources.ts'
import { targetError } from '../formats/file-error.ts'
import type { Digest } from '../model/digest.ts'
import { withLock } from '../store/locks.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { hashFile } from './hash-file.ts'
import { Incoming, writeText } from './incoming.ts'
import { HASH_FOLDERS, hashIn, INCOMING, INDEX, type MirrorPath, pathOf, SUMS, TOP_NAMES } from './layout.ts'
import { formatIndex, type MirrorIndex, mergeIndex } from './mirror-index.ts'
import { readIndex } from './read-index.ts'
import { formatSums } from './sums.ts'

/** One file of a mirror that was filled. */
export interface FilledFile {
  readonly source: LockedSource
  readonly path: MirrorPath
  /** Bytes. */
  readonly size: number
  readonly state: 'there' | 'from the store' | 'fetched'
  /** Path or URL of what was fetched, without credentials; '' otherwise. */
  readonly from: string
}

/** What a mirror is filled with. */
export interface MirrorOrder {
  /** Profiles whose sources these are: what the index says of them is replaced. */
  readonly profiles: readonly string[]
  readonly sources: readonly LockedSource[]
}

/** A mirror after it was filled. */
export interface FilledMirror {
  /** In the order of the sources. */
  readonly files: readonly FilledFile[]
  readonly index: MirrorIndex
}

/**
 * Brings files into a mirror, which is made if need be; what is there and right is left alone. Index and sums are written
 * at the end, also when some sources could not be had. Can be killed at any point and run again. Throws as
 * `forAllSources`, `E_TARGET` when the folder is something else or cannot be written, `E_MIRROR` for a damaged index.
 */
export async function fillMirror(
  folder: string,
  order: MirrorOrder,
  store: Store,
  config: FetchConfig,
  options: FetchAllOptions,
): Promise<FilledMirror> {
  const mirror = await prepare(folder)
  // One at a time, because the index is read and written again.
  return withLock({ root: mirror }, 'mirror', async () => {
    const before = (await readIndex(mirror)) ?? []
    const incoming = new Incoming(mirror)
    const filled = new Map<MirrorPath, FilledFile>()
    let failure: { readonly error: unknown } | undefined
    try {
      await forAllSources(order.sources, options, async (source, fetchOptions) => {
        const file = await fillOne(mirror, source, incoming, store, config, fetchOptions)
        filled.set(file.path, file)
      })
    } catch (error) {
      failure = { error }
    }
    const sizes = new Map([...filled].map(([path, { size }]) => [path, size]))
    const index = mergeIndex(before, order.sources, order.profiles, sizes)
    if (failure === undefined || filled.size > 0) await writeLists(mirror, index, options.signal)
    await incoming.remove(failure === undefined)
    if (failure !== undefined) throw failure.error
    return { files: order.sources.flatMap(({ integrity }) => filled.get(pathOf(integrity)) ?? []), index }
  })
}

/** Makes the folders, and refuses to write into a folder that is something else. Returns the real path. */
async function prepare(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    const names = await readdir(folder)
    const stray = names.find((name) => !TOP_NAMES.has(name))
    if (stray !== undefined && !names.includes(INDEX)) {
      throw new MrrlError('E_TARGET', `${folder} is no mirror: it has ${stray}, and no ${INDEX}`, {
        fields: { path: folder },
        hint: 'Name a new or empty folder, or one that mrrl mirror has made.',
      })
    }
    for (const name of [...HASH_FOLDERS, INCOMING]) {
      const path = join(folder, name)
      if (name !== INCOMING) await mkdir(path, { recursive: true })
      const stat = await lstat(path).catch(() => undefined)
      if (stat === undefined || stat.isDirectory()) continue
      throw new MrrlError('E_TARGET', `${path} is not a folder of the mirror's own`, { fields: { path } })
    }
    return await realpath(folder)
  } catch (error) {
    throw targetError(folder, error)
  }
}

async function fillOne(
  mirror: string,
  source: LockedSource,
  incoming: Incoming,
  store: Store,
  config: FetchConfig,
  options: FetchOptions,
): Promise<FilledFile> {
  const path = pathOf(source.integrity)
  const there = await sizeIfRight(mirror, path, options.signal)
  if (there !== undefined) return { source, path, size: there, state: 'there', from: '' }
  const keeper = incoming.keeper(path)
  const blob = await findBlob(source, store)
  const copied = blob === undefined ? undefined : await copyBlob(blob, store, keeper.keep)
  if (copied !== undefined) return { source, path, size: copied, state: 'from the store', from: '' }
  const { kept, from } = await fromFirstPlace(source, config, keeper, options)
  return { source, path, size: kept, state: 'fetched', from }
}

/** Size of a file that is what its name says. Anything else under that name, a link too, is replaced. */
async function sizeIfRight(
  mirror: string,
  path: MirrorPath,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const full = join(mirror, path)
  const stat = await lstat(full).catch(() => undefined)
  if (stat === undefined || !stat.isFile()) return undefined
  const { algorithm, hex } = hashIn(path)
  try {
    const hashes = await hashFile(full, [algorithm], signal)
    return hashes[algorithm] === hex ? hashes.size : undefined
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_FETCH') return undefined
    throw error
  }
}

/** A blob hashes what it gives; one that is damaged is removed from the store, and fetched like one that is not there. */
async function copyBlob(
  blob: Digest,
  store: Store,
  keep: (pieces: AsyncIterable<Uint8Array>) => Promise<number>,
): Promise<number | undefined> {
  try {
    return await keep(store.blobs.stream(blob))
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_STORE_CORRUPT') return undefined
    throw error
  }
}

async function writeLists(mirror: string, index: MirrorIndex, signal: AbortSignal | undefined): Promise<void> {
  const there: MirrorPath[] = []
  const sha256 = new Map<MirrorPath, string>()
  for (const { path } of index) {
    const full = join(mirror, path)
    if (!(await lstat(full).catch(() => undefined))?.isFile()) continue
    const { algorithm, hex } = hashIn(path)
    if (algorithm === 'sha512') {
      const hashes = await hashFile(full, ['sha256', 'sha512'], signal)
      if (hashes.sha512 !== hex) continue // wrong, and no right one could be had
      sha256.set(path, hashes.sha256)
    }
    there.push(path)
  }
  const text = formatIndex(index)
  await writeIfOther(mirror, INDEX, text)
  await writeIfOther(mirror, SUMS, formatSums(text, there, sha256))
}

async function writeIfOther(mirror: string, name: string, text: string): Promise<void> {
  const now = await readFile(join(mirror, name), 'utf8').catch(() => undefined)
  if (now !== text) await writeText(mirror, name, text)
}
