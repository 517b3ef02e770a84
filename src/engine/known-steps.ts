import { type BuildRequest, requestKey } from '../model/build-request.ts'
import type { Digest } from '../model/digest.ts'
import type { Plan } from '../plan/plan.ts'
import { downloadsOf } from '../plan/seed.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'
import { Inputs } from './inputs.ts'
import type { Settings } from './settings.ts'
import { SourceTrees } from './sources.ts'

/** A package whose request can be composed now. */
export interface KnownStep {
  readonly key: Digest
  readonly request: BuildRequest
  /** Undefined, as the log, until it has been built. */
  readonly output: Digest | undefined
  readonly log: Digest | undefined
  readonly wallMs: number
}

/** The requests that can be composed from what the store has, without fetching or building anything. */
export async function knownSteps(
  plan: Plan,
  store: Store,
  settings: Settings,
): Promise<ReadonlyMap<string, KnownStep>> {
  const sources = new SourceTrees(store, settings)
  const inputs = new Inputs(plan, store, sources)
  const known = new Map<string, KnownStep>()
  const outputs = new Map<string, Digest>()
  for (const [name, node] of plan.nodes) {
    const needs = [...node.tools, ...node.cross, ...node.sysroot]
    const wanted = [...downloadsOf(plan), ...node.recipe.sources]
    const trees = await Promise.all(wanted.map((source) => sources.known(source)))
    if (trees.includes(undefined) || !needs.every((need) => outputs.has(need))) continue
    const request = await inputs.request(node, outputs)
    const key = requestKey(request)
    const result = await store.actions.get(key)
    if (result !== undefined) outputs.set(name, result.output)
    known.set(name, { key, request, output: result?.output, log: result?.log, wallMs: result?.wallMs ?? 0 })
  }
  return known
}

/** Throws `E_PACKAGE_UNKNOWN` with the nearest name for one that a plan does not have. */
export function checkName(plan: Plan, name: string): void {
  if (plan.nodes.has(name)) return
  const known = [...plan.nodes.keys()]
  const near = nearest(name, known)
  throw new MrrlError('E_PACKAGE_UNKNOWN', `profile ${plan.profile.name} has no package ${name}`, {
    fields: { name, known },
    ...(near !== undefined && { hint: `Did you mean ${near}?` }),
  })
}
