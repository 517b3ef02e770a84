import { join } from 'node:path'
import { makePlan, type Plan } from '../plan/plan.ts'
import { RecipeLoader } from '../recipes/load.ts'
import type { Settings } from './settings.ts'

/** Resolves a profile into a plan. Throws `E_PROFILE_UNKNOWN` and what {@link makePlan} throws. */
export async function planOf(profile: string, settings: Settings): Promise<Plan> {
  const loader = new RecipeLoader(settings.recipeFolders)
  return makePlan(await loader.profile(profile), loader)
}

/** Where a profile's lock is. */
export function lockPath(profile: string, settings: Settings): string {
  return join(settings.lockFolder, `${profile}.lock.json`)
}
