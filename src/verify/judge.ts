import { needsOf } from '../engine/rebuild.ts'
import type { Digest } from '../model/digest.ts'
import { USUAL_SEED } from '../model/seed.ts'
import type { Plan } from '../plan/plan.ts'

/** What was expected of something, what each round gave, and what that means. */
export interface Judgement {
  readonly name: string
  /** '' where the lock has none. */
  readonly locked: Digest | ''
  /** What it is compared with: what the lock says, else what the first round gave. */
  readonly expected: Digest | ''
  /** By round. */
  readonly rebuilt: readonly (Digest | '')[]
  readonly verdict: 'same' | 'agrees' | 'different' | 'follows' | 'not compared' | 'not rebuilt'
  readonly follows: readonly string[]
}

/** Digests by name, as one round or the lock has them. */
export type Digests = Readonly<Record<string, Digest | ''>>

/**
 * Judges every package of a plan. One that differs follows from what it is built with where that differs too: it may
 * have a cause of its own, but nobody can tell before the others are mended.
 */
export function judgePackages(
  plan: Plan,
  rebuilt: ReadonlySet<string>,
  locked: Digests,
  rounds: readonly Digests[],
): Judgement[] {
  const differing = new Set<string>()
  return [...plan.nodes].map(([name, node]) => {
    const needs = needsOf(node).filter((need) => differing.has(need))
    const judgement = judge(name, rebuilt.has(name), needs, locked, rounds)
    // Another compiler makes other bits. What its output makes must be the same all the same.
    const isOfSeed = node.recipe.role !== 'target' && plan.seed.name !== USUAL_SEED
    if (isOfSeed && rebuilt.has(name)) return { ...judgement, verdict: 'not compared', follows: [] }
    if (isDifferent(judgement)) differing.add(name)
    return judgement
  })
}

/** Judges every image file, which follows from any package in it. */
export function judgeImages(
  packages: readonly Judgement[],
  contents: readonly string[],
  locked: Digests,
  rounds: readonly Digests[],
): Judgement[] {
  const differing = packages.filter((one) => isDifferent(one) && contents.includes(one.name)).map(({ name }) => name)
  return Object.keys(rounds[0] ?? {}).map((file) => judge(file, true, differing, locked, rounds))
}

/** True for what did not come out as expected. */
export function isDifferent({ verdict }: Pick<Judgement, 'verdict'>): boolean {
  return verdict === 'different' || verdict === 'follows'
}

function judge(
  name: string,
  isRebuilt: boolean,
  needs: readonly string[],
  locked: Digests,
  rounds: readonly Digests[],
): Judgement {
  const lockedOne: Digest | '' = locked[name] ?? ''
  const rebuilt = rounds.map((round) => round[name] ?? '')
  const expected: Digest | '' = lockedOne === '' ? (rebuilt[0] ?? '') : lockedOne
  const common = { name, locked: lockedOne, expected, rebuilt }
  if (!isRebuilt) return { ...common, verdict: 'not rebuilt', follows: [] }
  if (rebuilt.every((one) => one === expected)) {
    return { ...common, verdict: lockedOne === '' ? 'agrees' : 'same', follows: [] }
  }
  return { ...common, verdict: needs.length > 0 ? 'follows' : 'different', follows: needs }
}
