import { type Digest, digestOf } from '../model/digest.ts'
import type { Recipe } from '../model/recipe.ts'
import { USUAL_SEED } from '../model/seed.ts'
import { canonicalJson, type Json } from '../util/canonical-json.ts'
import { compareBytes } from '../util/compare.ts'
import { environmentFor } from './environment.ts'
import type { Plan, PlanNode } from './plan.ts'
import { stepScript } from './step-script.ts'

/** Digest of a recipe as resolved. `fileDigests` names the content of every file and patch beside it. */
export function recipeDigest(recipe: Recipe, fileDigests: ReadonlyMap<string, Digest>): Digest {
  // The folder is where this machine keeps the recipe, the weight only orders the work, and what may come is not here yet.
  const { folder: _folder, weight: _weight, ownVersion: _ownVersion, update: _update, ...content } = recipe
  const files = [...fileDigests].sort(([a], [b]) => compareBytes(a, b)).map(([name, digest]) => [name, digest])
  return digestOf(Buffer.from(canonicalJson({ ...content, fileDigests: files } as unknown as Json)))
}

/** Digest of the profile and its toolchain as resolved. */
export function profileDigest(plan: Plan): Digest {
  const { profile, toolchain, usualSeed: seed, prebuilt } = plan
  const value = { profile, toolchain, seed, prebuilt: prebuilt ?? null, contents: plan.contents }
  return digestOf(Buffer.from(canonicalJson(value as unknown as Json)))
}

/** Digest of the script of a build and of its variables: what options of profile and toolchain come to for one package. */
export function stepDigest(plan: Plan, node: PlanNode): Digest {
  // A lock speaks of the usual seed, also where a run has another.
  const usual = { ...plan, seed: { ...plan.seed, name: USUAL_SEED, triple: plan.usualSeed.triple } }
  const env = [...environmentFor(usual, node)].sort(([a], [b]) => compareBytes(a, b))
  return digestOf(Buffer.from(canonicalJson({ script: stepScript(node.recipe), env })))
}
