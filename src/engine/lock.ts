import { type Digest, digestOf } from '../model/digest.ts'
import { FORMAT_VERSION } from '../model/format-version.ts'
import { LOCK_VERSION, type Lock, type LockedImage, type LockedPackage } from '../model/lock.ts'
import type { Recipe, Source } from '../model/recipe.ts'
import { profileDigest, recipeDigest } from '../plan/digests.ts'
import { type Plan, SEED } from '../plan/plan.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { readRecipeFile } from './inputs.ts'

/** The lock of a plan with no outputs yet: everything that the recipes alone decide. */
export async function lockOf(plan: Plan): Promise<Lock> {
  const packages: Record<string, LockedPackage> = {}
  for (const [name, { recipe }] of plan.nodes) {
    const { version, license, sources } = recipe
    packages[name] = { version, license, recipe: await digestRecipe(recipe), sources, output: '' }
  }
  return {
    version: LOCK_VERSION,
    format: FORMAT_VERSION,
    profile: plan.profile.name,
    profileDigest: profileDigest(plan),
    epoch: plan.profile.epoch,
    seeds: seedsOf(plan),
    packages,
    images: {},
  }
}

/** The lock with what a build gave. */
export function withOutputs(
  lock: Lock,
  outputs: ReadonlyMap<string, Digest>,
  images: Readonly<Record<string, LockedImage>>,
): Lock {
  const packages = Object.fromEntries(
    Object.entries(lock.packages).map(([name, locked]) => [name, { ...locked, output: outputs.get(name) ?? '' }]),
  )
  return { ...lock, packages, images }
}

/** Throws `E_LOCK_STALE` when recipes, profile or encoders are not those that were locked, and says which. */
export function checkFresh(locked: Lock, current: Lock): void {
  const changes = describeChanges(locked, current)
  if (changes.length === 0) return
  const profile = current.profile
  throw new MrrlError('E_LOCK_STALE', `locks/${profile}.lock.json does not match the recipes: ${changes.join('; ')}`, {
    fields: { file: `locks/${profile}.lock.json`, changes },
    hint: `Accept the changes with: mrrl lock ${profile}`,
  })
}

/** What differs between two locks, in words; outputs and images are not compared. */
export function describeChanges(locked: Lock, current: Lock): string[] {
  const changes: string[] = []
  if (locked.format !== current.format) changes.push(`image format ${locked.format} → ${current.format}`)
  if (locked.epoch !== current.epoch) changes.push(`epoch ${locked.epoch} → ${current.epoch}`)
  if (locked.profileDigest !== current.profileDigest)
    changes.push(`profile ${current.profile} or its toolchain changed`)
  const names = new Set([...Object.keys(locked.packages), ...Object.keys(current.packages)])
  for (const name of [...names].sort(compareBytes)) {
    const before = locked.packages[name]
    const now = current.packages[name]
    if (before === undefined) changes.push(`package ${name} is new`)
    else if (now === undefined) changes.push(`package ${name} is gone`)
    else if (before.version !== now.version) changes.push(`package ${name} ${before.version} → ${now.version}`)
    else if (before.recipe !== now.recipe) changes.push(`recipe ${name} changed`)
  }
  return changes
}

/** Throws `E_NOT_REPRODUCIBLE` when a package came out with other bits than those locked. */
export function checkOutput(lock: Lock, name: string, output: Digest): void {
  const expected = lock.packages[name]?.output ?? ''
  if (expected === '' || expected === output) return
  throw new MrrlError('E_NOT_REPRODUCIBLE', `package ${name} came out with other bits than the lock says`, {
    fields: { package: name, expected, got: output },
  })
}

/** Throws `E_NOT_REPRODUCIBLE` when an image came out with other bits than those locked. */
export function checkImage(lock: Lock, file: string, digest: Digest): void {
  const expected = lock.images[file]?.digest ?? ''
  if (expected === '' || expected === digest) return
  throw new MrrlError('E_NOT_REPRODUCIBLE', `${file} came out with other bits than the lock says`, {
    fields: { file, expected, got: digest },
  })
}

async function digestRecipe(recipe: Recipe): Promise<Digest> {
  const names = [...recipe.files, ...recipe.patches]
  const digests = await Promise.all(
    names.map(async (name) => [name, digestOf(await readRecipeFile(recipe, name))] as const),
  )
  return recipeDigest(recipe, new Map(digests))
}

function seedsOf(plan: Plan): Readonly<Record<string, Source>> {
  const seeds: Record<string, Source> = { [`${SEED}/${plan.seed.triple}`]: plan.seed.source }
  if (plan.prebuilt !== undefined) seeds[`${plan.toolchain.name}/${plan.prebuilt.triple}`] = plan.prebuilt.source
  return seeds
}
