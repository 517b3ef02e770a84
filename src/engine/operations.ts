import { type Digest, formatDigest, sizeOf } from '../model/digest.ts'
import type { Lock } from '../model/lock.ts'
import type { Plan } from '../plan/plan.ts'
import { openStore, type Store } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { MrrlError } from '../util/errors.ts'
import { type BuiltPackage, buildPackages } from './build.ts'
import { heal } from './heal.ts'
import { type WrittenImages, writeImages } from './images.ts'
import { checkFresh, checkImage, checkOutput, lockOf } from './lock.ts'
import type { BuildReport, ImageReport, StepReport } from './report.ts'
import { resolveLocked } from './resolve.ts'
import type { Settings } from './settings.ts'

/**
 * Builds a profile's images as locked. Throws `E_LOCK_MISSING`, `E_LOCK_INVALID`, `E_LOCK_STALE` before any work, the
 * error of what failed, or `E_NOT_REPRODUCIBLE` when an output differs from the lock.
 */
export async function build(profile: string, settings: Settings): Promise<BuildReport> {
  const started = performance.now()
  const { plan, lock } = await resolveLocked(profile, settings)
  checkFresh(lock, await lockOf(plan, lock))
  const store = await openStore(settings.home)
  const run = await useStore(store.layout, () => runBuild(plan, store, settings, lock), sweepLeftovers)
  return reportOf(plan, run, lock, settings, started)
}

/** Outputs and images of one build. */
export interface BuildOutcome {
  readonly built: ReadonlyMap<string, BuiltPackage>
  readonly images: WrittenImages
}

/** Builds a plan and writes its images; compares both with a lock, where there is one. */
export async function runBuild(
  plan: Plan,
  store: Store,
  settings: Settings,
  lock: Lock | undefined,
): Promise<BuildOutcome> {
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

/** The report of a build. `started` is the time in milliseconds that `performance.now()` gave at the beginning. */
export function reportOf(
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
