import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Digest, hashOf, parseDigest } from '../model/digest.ts'
import { MrrlError } from '../util/errors.ts'
import { parseResult } from './actions.ts'
import { removeFolder } from './checkouts.ts'
import type { Store } from './store.ts'
import { bytesBelow, sweepLeftovers } from './sweep.ts'
import { withoutUsers } from './users.ts'
import { isTree, listTwoLevels, markTree } from './walk.ts'

/** What must stay in the store. */
export interface GarbageRoots {
  /** Trees that packages installed, and images: the results they came from stay with all they hold. */
  readonly outputs: ReadonlySet<Digest>
  /** Names of aliases (sources, unpackings) that stay with what they name. */
  readonly aliases: readonly string[]
  /** Everything that was written or linked at this time or later stays, in milliseconds since 1970. */
  readonly since: number
}

/** Things of one kind that were removed. */
export interface Collected {
  readonly kind: 'actions' | 'aliases' | 'checkouts' | 'failed steps' | 'leftovers' | 'blobs'
  readonly removed: number
  readonly kept: number
  readonly bytes: number
}

/** What a collection freed, or would free. */
export interface GarbageReport {
  readonly collected: readonly Collected[]
  /** Bytes freed in all. */
  readonly bytes: number
  readonly isDryRun: boolean
}

/**
 * Removes what neither the roots nor recent work need. Records go before the blobs that they name, so that a
 * collection that is killed leaves a whole store. Throws `E_STORE` while another program uses the store.
 */
export async function collectGarbage(store: Store, roots: GarbageRoots, isDryRun: boolean): Promise<GarbageReport> {
  return withoutUsers(store.layout, async () => {
    const { layout } = store
    const marked = new Set<Digest>()
    const actions = await sortOut(await listTwoLevels(layout.actions), roots.since, (path, isYoung) =>
      keepsAction(store, path, isYoung, roots, marked),
    )
    const named = new Set(await Promise.all(roots.aliases.map((name) => store.aliases.get(name))))
    const aliases = await sortOut(await listTwoLevels(layout.aliases), roots.since, (path, isYoung) =>
      keepsAlias(store, path, isYoung, named, marked),
    )
    // The action key is the digest of its request, which is on record as a blob of that name.
    const requests = actions.kept.map((path) => hashOfPath(layout.actions, path))
    const hashes = new Set([...[...marked].map(hashOf), ...requests])
    // Their times are read before checkouts go: taking a link away makes a blob look young.
    const blobs = await sortOut(
      await listTwoLevels(layout.blobs),
      roots.since,
      async (path, isYoung) => isYoung || hashes.has(hashOfPath(layout.blobs, path)),
    )
    const checkouts = await sortOut(
      await listPaths(layout.checkouts),
      roots.since,
      async (path, isYoung) => isYoung && hashes.has(basename(path)),
    )
    const failed = await sortOut(await listPaths(layout.failed), roots.since, async (_path, isYoung) => isYoung)
    const leftovers = await sweepLeftovers(layout, isDryRun)
    const collected = [
      await remove('actions', actions, isDryRun),
      await remove('aliases', aliases, isDryRun),
      await remove('checkouts', checkouts, isDryRun),
      await remove('failed steps', failed, isDryRun),
      { kind: 'leftovers' as const, ...leftovers },
      await remove('blobs', blobs, isDryRun),
    ]
    return { collected, bytes: collected.reduce((sum, { bytes }) => sum + bytes, 0), isDryRun }
  })
}

async function keepsAction(
  store: Store,
  path: string,
  isYoung: boolean,
  { outputs }: GarbageRoots,
  marked: Set<Digest>,
): Promise<boolean> {
  const result = parseResult(await readFile(path, 'utf8'))
  if (result === undefined) return false
  if (!isYoung && !outputs.has(result.output) && !(await holdsAny(store, result.output, outputs))) return false
  marked.add(result.log)
  await markTree(store, result.output, marked)
  return true
}

/** True for the result of writing images: a tree whose files are the images. */
async function holdsAny(store: Store, tree: Digest, outputs: ReadonlySet<Digest>): Promise<boolean> {
  try {
    return (await store.trees.directory(tree)).files.some(({ digest }) => outputs.has(digest))
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_STORE_CORRUPT') return false
    throw error
  }
}

async function keepsAlias(
  store: Store,
  path: string,
  isYoung: boolean,
  named: ReadonlySet<Digest | undefined>,
  marked: Set<Digest>,
): Promise<boolean> {
  let digest: Digest
  try {
    digest = parseDigest((await readFile(path, 'utf8')).trimEnd())
  } catch (error) {
    if (error instanceof MrrlError) return false
    throw error
  }
  if (!isYoung && !named.has(digest)) return false
  if (await isTree(store, digest)) await markTree(store, digest, marked)
  marked.add(digest)
  return true
}

interface Sorted {
  readonly kept: readonly string[]
  readonly garbage: readonly string[]
}

async function sortOut(
  paths: readonly string[],
  since: number,
  keeps: (path: string, isYoung: boolean) => Promise<boolean>,
): Promise<Sorted> {
  const sorted: { kept: string[]; garbage: string[] } = { kept: [], garbage: [] }
  for (const path of paths) {
    const { ctimeMs } = await lstat(path)
    sorted[(await keeps(path, ctimeMs >= since)) ? 'kept' : 'garbage'].push(path)
  }
  return sorted
}

async function remove(kind: Collected['kind'], { kept, garbage }: Sorted, isDryRun: boolean): Promise<Collected> {
  let bytes = 0
  for (const path of garbage) {
    const info = await lstat(path)
    // A blob's other names are checkouts, which are gone or go with it.
    bytes += info.isDirectory() ? await bytesBelow(path) : info.size
    if (isDryRun) continue
    if (info.isDirectory()) await removeFolder(path)
    else await rm(path, { force: true })
  }
  return { kind, removed: garbage.length, kept: kept.length, bytes }
}

async function listPaths(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => join(folder, name))
}

/** The 64 hex digits that the path of a blob or action stands for. */
function hashOfPath(folder: string, path: string): string {
  return path.slice(folder.length).replace(/\.(x|json)$|\//g, '')
}
