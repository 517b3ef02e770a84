import { join } from 'node:path'
import { type Lock, type Pin, pinsOf } from '../model/lock.ts'
import { makePlan, type Plan } from '../plan/plan.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { readLock } from '../recipes/lock-file.ts'
import { MrrlError } from '../util/errors.ts'
import type { Settings } from './settings.ts'

/** A plan, and the lock whose pins are in it. */
export interface Resolved {
  readonly plan: Plan
  /** Undefined where there is none yet. */
  readonly lock: Lock | undefined
}

/**
 * Resolves a profile into a plan, with the versions that its lock pins.
 * Throws `E_PROFILE_UNKNOWN`, `E_LOCK_INVALID`, `E_LOCK_VERSION`, and what {@link makePlan} throws.
 */
export async function planOf(profile: string, settings: Settings): Promise<Plan> {
  return (await resolve(profile, settings)).plan
}

/** Like {@link planOf}, with the lock. */
export async function resolve(profile: string, settings: Settings): Promise<Resolved> {
  await checkProfile(profile, settings)
  const lock = await lockIfAny(profile, settings)
  return { plan: await planWith(profile, pinsOf(lock), settings), lock }
}

/** Like {@link resolve}; throws `E_LOCK_MISSING` too. */
export async function resolveLocked(profile: string, settings: Settings): Promise<Resolved & { readonly lock: Lock }> {
  await checkProfile(profile, settings)
  const lock = await readLock(lockPath(profile, settings), profile)
  return { plan: await planWith(profile, pinsOf(lock), settings), lock }
}

/** Resolves a profile with these pins, whatever its lock says. */
export async function planWith(profile: string, pins: ReadonlyMap<string, Pin>, settings: Settings): Promise<Plan> {
  const loader = new RecipeLoader(settings.recipeFolders, pins)
  return makePlan(await loader.profile(profile), loader)
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
