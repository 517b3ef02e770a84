import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { type Lock, pinsOf } from '../model/lock.ts'
import type { Plan } from '../plan/plan.ts'
import { formatLock, readLock } from '../recipes/lock-file.ts'
import { writeAtomic } from '../store/disk.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import type { ErrorCode } from '../util/error-codes.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { lockOf, withOutputs } from './lock.ts'
import { describeChanges, packageIn } from './lock-changes.ts'
import { rebuildsOf } from './lock-rebuilds.ts'
import { reportOf, runBuild } from './operations.ts'
import type { BuildReport } from './report.ts'
import { checkProfile, lockPath, planWith, resolveLocked } from './resolve.ts'
import type { Settings } from './settings.ts'

/** What `mrrl lock` did. */
export interface LockReport {
  readonly profile: string
  readonly path: string
  /** What is different from the lock before, in words. */
  readonly changes: readonly string[]
}

/** The same with what was built for it. */
export interface BuiltLock extends LockReport {
  readonly report: BuildReport
}

/** What `mrrl lock --check` found. */
export interface LockCheck {
  readonly profile: string
  readonly path: string
  /** '' when the lock is what the recipes say, else `E_LOCK_STALE`, `E_LOCK_MISSING`, `E_LOCK_INVALID`, `E_LOCK_VERSION`. */
  readonly code: ErrorCode | ''
  /** What does not match, in words. */
  readonly changes: readonly string[]
  /** Packages whose output is not recorded, because the lock was written without a build. */
  readonly unrecorded: readonly string[]
}

/** Writes the lock of a profile anew: builds it and records what came out. */
export async function lock(profile: string, settings: Settings): Promise<BuiltLock> {
  const started = performance.now()
  const { before, plan, current, whyNew } = await beginLock(profile, settings)
  const store = await openStore(settings.home)
  const run = await useStore(store.layout, () => runBuild(plan, store, settings, undefined), sweepLeftovers)
  const images = Object.fromEntries(run.images.images.map(({ file, digest }) => [file, { digest }]))
  const outputs = new Map([...run.built].map(([name, { result }]) => [name, result.output]))
  const after = withOutputs(current, outputs, images)
  await writeLocks([after], settings)
  const path = lockPath(profile, settings)
  const changes =
    before === undefined ? [whyNew] : [...describeChanges(before, after), ...changedOutputs(before, after)]
  return { profile, path, changes, report: reportOf(plan, run, before, settings, started) }
}

/**
 * Writes the lock of a profile without building it: sources, recipes and encoders are pinned, and outputs kept of what
 * nothing changed for. A build then compares what is recorded and accepts the rest.
 */
export async function lockSources(profile: string, settings: Settings): Promise<LockReport> {
  const { before, current, whyNew } = await beginLock(profile, settings)
  await writeLocks([keepOutputs(before, current)], settings)
  const path = lockPath(profile, settings)
  const changes = before === undefined ? [whyNew] : describeChanges(before, current)
  return { profile, path, changes }
}

/** Compares locks with the recipes; neither builds nor fetches. */
export async function checkLocks(profiles: readonly string[], settings: Settings): Promise<LockCheck[]> {
  return Promise.all(profiles.map((profile) => checkLock(profile, settings)))
}

/** Profiles that have a lock in the lock folder, sorted. */
export async function lockedProfiles(settings: Settings): Promise<string[]> {
  try {
    const names = await readdir(settings.lockFolder)
    return names
      .filter((name) => name.endsWith(ENDING))
      .map((name) => name.slice(0, -ENDING.length))
      .sort()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** Outputs of `before` for all that a build of `after` would not make anew. */
export function keepOutputs(before: Lock | undefined, after: Lock): Lock {
  if (before === undefined) return after
  const anew = new Set(rebuildsOf(before, after).map(({ name }) => name))
  const kept = Object.keys(after.packages).filter((name) => !anew.has(name))
  const outputs = new Map(kept.map((name) => [name, packageIn(before, name)?.output ?? '']))
  const isSameImage = describeChanges(before, after).length === 0
  return withOutputs(after, outputs, isSameImage ? before.images : {})
}

/** Writes locks, each in one step; when one cannot be written, those before it are what they were again. */
export async function writeLocks(locks: readonly Lock[], settings: Settings): Promise<void> {
  await mkdir(settings.lockFolder, { recursive: true })
  const written: { readonly path: string; readonly text: string }[] = []
  try {
    for (const lock of locks) {
      const path = lockPath(lock.profile, settings)
      const text = await readFile(path, 'utf8').catch(() => '')
      await writeAtomic(path, formatLock(lock), settings.lockFolder)
      written.push({ path, text })
    }
  } catch (error) {
    for (const { path, text } of written) {
      await (text === '' ? rm(path) : writeAtomic(path, text, settings.lockFolder)).catch(() => undefined)
    }
    throw error
  }
}

const NEW = 'the lock is new'
const ENDING = '.lock.json'

/** Codes of a lock that `mrrl lock` may replace. */
const REPLACED: ReadonlySet<string> = new Set(['E_LOCK_MISSING', 'E_LOCK_INVALID', 'E_LOCK_VERSION'])

interface Beginning {
  readonly plan: Plan
  /** Undefined where there is none that can be read. */
  readonly before: Lock | undefined
  /** The lock of the plan, without outputs. */
  readonly current: Lock
  /** The change to tell of when there is none before. */
  readonly whyNew: string
}

async function beginLock(profile: string, settings: Settings): Promise<Beginning> {
  await checkProfile(profile, settings)
  const [before, whyNew] = await lockBefore(profile, settings)
  const plan = await planWith(profile, pinsOf(before), settings)
  return { plan, before, current: await lockOf(plan, before), whyNew }
}

async function lockBefore(profile: string, settings: Settings): Promise<readonly [Lock | undefined, string]> {
  try {
    return [await readLock(lockPath(profile, settings), profile), '']
  } catch (error) {
    if (!(error instanceof MrrlError) || !REPLACED.has(error.code)) throw error
    return [undefined, error.code === 'E_LOCK_MISSING' ? NEW : `${NEW}: ${error.message}`]
  }
}

async function checkLock(profile: string, settings: Settings): Promise<LockCheck> {
  const path = lockPath(profile, settings)
  try {
    const { plan, lock } = await resolveLocked(profile, settings)
    const changes = describeChanges(lock, await lockOf(plan, lock))
    const blank = Object.entries(lock.packages).filter(([, { output }]) => output === '')
    const unrecorded = blank.map(([name]) => name)
    return { profile, path, code: changes.length === 0 ? '' : 'E_LOCK_STALE', changes, unrecorded }
  } catch (error) {
    if (!(error instanceof MrrlError) || !REPLACED.has(error.code)) throw error
    return { profile, path, code: error.code, changes: [error.message], unrecorded: [] }
  }
}

function changedOutputs(before: Lock, after: Lock): string[] {
  const packages = Object.keys(after.packages).filter(
    (name) => (packageIn(before, name)?.output ?? '') !== after.packages[name]?.output,
  )
  const images = Object.keys(after.images).filter((file) => before.images[file]?.digest !== after.images[file]?.digest)
  return [...packages.map((name) => `output of ${name}`), ...images.map((file) => `image ${file}`)]
}
