import { mkdir } from 'node:fs/promises'
import { type Digest, formatDigest, sizeOf } from '../model/digest.ts'
import type { Lock } from '../model/lock.ts'
import type { Plan } from '../plan/plan.ts'
import { formatLock, readLock } from '../recipes/lock-file.ts'
import { writeAtomic } from '../store/disk.ts'
import { openStore, type Store } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { MrrlError } from '../util/errors.ts'
import { type BuiltPackage, buildPackages } from './build.ts'
import { heal } from './heal.ts'
import { type WrittenImages, writeImages } from './images.ts'
import { checkFresh, checkImage, checkOutput, describeChanges, lockOf, withOutputs } from './lock.ts'
import type { BuildReport, ImageReport, StepReport } from './report.ts'
import { lockPath, planOf } from './resolve.ts'
import type { Settings } from './settings.ts'

/** What `mrrl lock` did. */
export interface LockReport {
  readonly report: BuildReport
  /** What is different from the lock before, in words. */
  readonly changes: readonly string[]
  readonly path: string
}

/**
 * Builds a profile's images as locked. Throws `E_LOCK_MISSING`, `E_LOCK_INVALID`, `E_LOCK_STALE` before any work, the
 * error of what failed, or `E_NOT_REPRODUCIBLE` when an output differs from the lock.
 */
export async function build(profile: string, settings: Settings): Promise<BuildReport> {
  const started = performance.now()
  const plan = await planOf(profile, settings)
  const lock = await readLock(lockPath(profile, settings), profile)
  checkFresh(lock, await lockOf(plan))
  const store = await openStore(settings.home)
  const run = await useStore(store.layout, () => runBuild(plan, store, settings, lock), sweepLeftovers)
  return reportOf(plan, run, lock, settings, started)
}

/** Writes the lock of a profile anew: builds it and records what came out. */
export async function lock(profile: string, settings: Settings): Promise<LockReport> {
  const started = performance.now()
  const plan = await planOf(profile, settings)
  const path = lockPath(profile, settings)
  const before = await lockBefore(path, profile)
  const current = await lockOf(plan)
  const store = await openStore(settings.home)
  const run = await useStore(store.layout, () => runBuild(plan, store, settings, undefined), sweepLeftovers)
  const images = Object.fromEntries(run.images.images.map(({ file, digest }) => [file, { digest }]))
  const outputs = new Map([...run.built].map(([name, { result }]) => [name, result.output]))
  const after = withOutputs(current, outputs, images)
  await mkdir(settings.lockFolder, { recursive: true })
  await writeAtomic(path, formatLock(after), settings.lockFolder)
  const changes =
    before === undefined ? ['the lock is new'] : [...describeChanges(before, after), ...changedOutputs(before, after)]
  return { report: reportOf(plan, run, before, settings, started), changes, path }
}

/**
 * Writes the lock of a profile without building it: sources, recipes and encoders are pinned, and outputs only as far
 * as nothing changed since they were recorded. A build then compares what is pinned and accepts the rest.
 */
export async function lockSources(profile: string, settings: Settings): Promise<Omit<LockReport, 'report'>> {
  const plan = await planOf(profile, settings)
  const path = lockPath(profile, settings)
  const before = await lockBefore(path, profile)
  const current = await lockOf(plan)
  const changes = before === undefined ? ['the lock is new'] : describeChanges(before, current)
  const after = before !== undefined && changes.length === 0 ? before : current
  await mkdir(settings.lockFolder, { recursive: true })
  await writeAtomic(path, formatLock(after), settings.lockFolder)
  return { changes, path }
}

interface BuildOutcome {
  readonly built: ReadonlyMap<string, BuiltPackage>
  readonly images: WrittenImages
}

async function runBuild(plan: Plan, store: Store, settings: Settings, lock: Lock | undefined): Promise<BuildOutcome> {
  const check = (name: string, output: Digest): void => {
    if (lock !== undefined) checkOutput(lock, name, output)
  }
  const { built, images } = await healing(plan, store, settings, async (built) => {
    await buildPackages(plan, store, settings, built, check)
    for (const { name, result } of built.values()) check(name, result.output)
    const outputs = new Map([...built].map(([name, { result }]) => [name, result.output]))
    return writeImages(plan, outputs, store, settings)
  })
  if (lock !== undefined) for (const { file, digest } of images.images) checkImage(lock, file, digest)
  return { built, images }
}

/** How often a build starts over after it found damage in the store. */
const HEALING_ROUNDS = 3

/** Runs `work`; when it finds damage in the store, lets what is damaged be made again and runs it once more. */
async function healing(
  plan: Plan,
  store: Store,
  settings: Settings,
  work: (built: Map<string, BuiltPackage>) => Promise<WrittenImages>,
): Promise<BuildOutcome> {
  for (let round = 1; ; round++) {
    const built = new Map<string, BuiltPackage>()
    try {
      return { built, images: await work(built) }
    } catch (error) {
      const isDamage = error instanceof MrrlError && error.code === 'E_STORE_CORRUPT'
      if (!isDamage || round === HEALING_ROUNDS) throw error
      settings.onEvent({ type: 'healing', reason: error.message })
      await heal(plan, store, built)
    }
  }
}

function reportOf(
  plan: Plan,
  { built, images }: BuildOutcome,
  lock: Lock | undefined,
  settings: Settings,
  started: number,
): BuildReport {
  const steps = [...built.values()].map(({ name, cached, result }): StepReport => {
    const version = plan.nodes.get(name)?.recipe.version ?? ''
    return { name, version, cached, wallMs: result.wallMs, cpuMs: result.cpuMs }
  })
  const stepCpu = steps.reduce((sum, step) => sum + (step.cached ? 0 : step.cpuMs), 0)
  return {
    profile: plan.profile.name,
    images: images.images.map(({ format, file, path, digest }): ImageReport => {
      const locked = lock?.images[file]?.digest
      const verdict = locked === undefined ? 'new' : locked === digest ? 'same' : 'changed'
      return { path, format, bytes: sizeOf(digest), digest: formatDigest(digest), locked: verdict }
    }),
    steps,
    wallMs: Math.round(performance.now() - started),
    cpuMs: stepCpu,
    jobs: settings.jobs,
    packages: images.manifest.packages,
  }
}

async function lockBefore(path: string, profile: string): Promise<Lock | undefined> {
  try {
    return await readLock(path, profile)
  } catch (error) {
    if (error instanceof MrrlError && (error.code === 'E_LOCK_MISSING' || error.code === 'E_LOCK_INVALID'))
      return undefined
    throw error
  }
}

function changedOutputs(before: Lock, after: Lock): string[] {
  const packages = Object.keys(after.packages).filter(
    (name) => (before.packages[name]?.output ?? '') !== after.packages[name]?.output,
  )
  const images = Object.keys(after.images).filter((file) => before.images[file]?.digest !== after.images[file]?.digest)
  return [...packages.map((name) => `output of ${name}`), ...images.map((file) => `image ${file}`)]
}
