import { join } from 'node:path'
import { type Lock, type Pin, pinsOf } from '../model/lock.ts'
import { USUAL_SEED } from '../model/seed.ts'
import { makePlan, type Plan } from '../plan/plan.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { readLock } from '../recipes/lock-file.ts'
import { MrrlError } from '../util/errors.ts'
import type { Settings } from './settings.ts'

/**
 * Resolves a profile into a plan, with the versions that its lock pins.
 * Throws `E_PROFILE_UNKNOWN`, `E_LOCK_INVALID`, `E_LOCK_VERSION`, and what {@link makePlan} throws.
 */
export async function planOf(profile: string, settings: Settings, seed: string = USUAL_SEED): Promise<Plan> {
  await checkProfile(profile, settings)
  return planWith(profile, pinsOf(await lockIfAny(profile, settings)), settings, seed)
}

/** A plan, and the lock whose pins are in it. */
export interface Resolved {
  readonly plan: Plan
  readonly lock: Lock
}

/** Like {@link planOf}, with the lock; throws `E_LOCK_MISSING` too. */
export async function resolveLocked(profile: string, settings: Settings): Promise<Resolved> {
  await checkProfile(profile, settings)
  const lock = await readLock(lockPath(profile, settings), profile)
  return { plan: await planWith(profile, pinsOf(lock), settings), lock }
}

/** Resolves a profile with these pins, whatever its lock says. */
export async function planWith(
  profile: string,
  pins: ReadonlyMap<string, Pin>,
  settings: Settings,
  seed: string = USUAL_SEED,
): Promise<Plan> {
  const loader = new RecipeLoader(settings.recipeFolders, pins)
  return makePlan(await loader.profile(profile), loader, seed)
}

/** Where a profile's lock is. */
export function lockPath(profile: string, settings: Settings): string {
  return join(settings.lockFolder, `${profile}.lock.json`)
}

/** Throws `E_PROFILE_UNKNOWN` for a name that no profile has: it must not become part of a path. */
export async function checkProfile(profile: string, settings: Settings): Promise<void> {
  await new RecipeLoader(settings.recipeFolders).profile(profile)
}

async function lockIfAny(profile: string, settings: Settings): Promise<Lock | undefined> {
  try {
    return await readLock(lockPath(profile, settings), profile)
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_LOCK_MISSING') return undefined
    throw error
  }
}
