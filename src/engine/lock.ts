import { type Digest, digestOf } from '../model/digest.ts'
import { FORMAT_VERSION } from '../model/format-version.ts'
import { LOCK_VERSION, type Lock, type LockedImage, type LockedPackage } from '../model/lock.ts'
import type { Recipe, Source } from '../model/recipe.ts'
import { USUAL_SEED } from '../model/seed.ts'
import { profileDigest, recipeDigest, stepDigest } from '../plan/digests.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { readRecipeFile } from './inputs.ts'
import { describeChanges } from './lock-changes.ts'

/**
 * The lock of a plan with no outputs yet: everything that the recipes alone decide.
 * @param before whose vouchers stay with the files that they vouch for
 */
export async function lockOf(plan: Plan, before: Lock | undefined): Promise<Lock> {
  const packages: Record<string, LockedPackage> = {}
  for (const [name, node] of plan.nodes) packages[name] = await lockedPackage(plan, node, before?.packages[name])
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
  outputs: ReadonlyMap<string, string>,
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

async function lockedPackage(plan: Plan, node: PlanNode, before: LockedPackage | undefined): Promise<LockedPackage> {
  const { recipe } = node
  const { version, ownVersion, license, sources } = recipe
  return {
    version,
    pinnedFrom: version === ownVersion ? '' : ownVersion,
    license,
    recipe: await digestRecipe(recipe),
    step: stepDigest(plan, node),
    needs: [...new Set([...node.tools, ...node.cross, ...node.sysroot])].sort(compareBytes),
    sources,
    vouchers: before !== undefined && haveSameFiles(before.sources, sources) ? before.vouchers : [],
    output: '',
  }
}

/** True when both are the same archives, wherever they come from and however they are unpacked. */
function haveSameFiles(a: readonly Source[], b: readonly Source[]): boolean {
  return a.length === b.length && a.every(({ integrity }, index) => integrity === b[index]?.integrity)
}

async function digestRecipe(recipe: Recipe): Promise<Digest> {
  const names = [...recipe.files, ...recipe.patches]
  const digests = await Promise.all(
    names.map(async (name) => [name, digestOf(await readRecipeFile(recipe, name))] as const),
  )
  return recipeDigest(recipe, new Map(digests))
}

function seedsOf(plan: Plan): Readonly<Record<string, Source>> {
  const seeds: Record<string, Source> = { [`${USUAL_SEED}/${plan.usualSeed.triple}`]: plan.usualSeed.source }
  if (plan.prebuilt !== undefined) seeds[`${plan.toolchain.name}/${plan.prebuilt.triple}`] = plan.prebuilt.source
  return seeds
}
