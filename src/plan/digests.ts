import { type Digest, digestOf } from '../model/digest.ts'
import type { Recipe } from '../model/recipe.ts'
import { canonicalJson, type Json } from '../util/canonical-json.ts'
import { compareBytes } from '../util/compare.ts'
import type { Plan } from './plan.ts'

/** Digest of a recipe as resolved. `fileDigests` names the content of every file and patch beside it. */
export function recipeDigest(recipe: Recipe, fileDigests: ReadonlyMap<string, Digest>): Digest {
  // The folder is where this machine keeps the recipe, and the weight only orders the work.
  const { folder: _folder, weight: _weight, ...content } = recipe
  const files = [...fileDigests].sort(([a], [b]) => compareBytes(a, b)).map(([name, digest]) => [name, digest])
  return digestOf(Buffer.from(canonicalJson({ ...content, fileDigests: files } as unknown as Json)))
}

/** Digest of the profile and its toolchain as resolved. */
export function profileDigest(plan: Plan): Digest {
  const { profile, toolchain, seed, prebuilt } = plan
  const value = { profile, toolchain, seed, prebuilt: prebuilt ?? null, contents: plan.contents }
  return digestOf(Buffer.from(canonicalJson(value as unknown as Json)))
}
