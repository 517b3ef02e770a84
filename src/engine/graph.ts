import type { Role } from '../model/recipe.ts'
import { type Plan, type PlanNode, SHELL_PACKAGE } from '../plan/plan.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { openStore } from '../store/store.ts'
import { compareBytes } from '../util/compare.ts'
import { type KnownStep, knownSteps } from './known-steps.ts'
import { planOf } from './resolve.ts'
import type { Settings } from './settings.ts'

/**
 * What one package has of another:
 * - `tool`: it runs while the other is built, under `/tools`.
 * - `cross`: it is part of the compiler, `/cross`.
 * - `sysroot`: the other is compiled against it.
 * - `runtime`: it must be in an image together with the other.
 */
export type EdgeKind = 'tool' | 'cross' | 'sysroot' | 'runtime'

/** `from` needs `to`. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: EdgeKind
  /** What says so: a field of the recipe, `toolchain <name>`, or the shell that every sealed step has. */
  readonly by: string
}

/** A name in the profile and the package that it brings. */
export interface Line {
  /** As the profile's `packages` has it; the toolchain may put another package in its place. */
  readonly value: string
  readonly package: string
}

/**
 * Whether the store has a package: `built`; `changed` when its request is known and has no result; `waiting` when the
 * request depends on something that is not there yet. That may come out as before, and then nothing is built anew.
 */
export type PackageState = 'built' | 'changed' | 'waiting'

/** One package of a graph. */
export interface GraphNode {
  readonly name: string
  readonly version: string
  readonly role: Role
  /** True when its runtime files are in the image. */
  readonly inImage: boolean
  readonly state: PackageState
}

/** The packages of a profile and what they need of each other, both sorted by name. */
export interface Graph {
  readonly profile: string
  readonly lines: readonly Line[]
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly Edge[]
}

/** Graph of one profile, or of all. Throws what resolving a profile throws. */
export async function graph(profiles: readonly string[], settings: Settings): Promise<Graph[]> {
  const names = profiles.length > 0 ? profiles : new RecipeLoader(settings.recipeFolders).profileNames()
  const store = await openStore(settings.home)
  const graphs: Graph[] = []
  for (const name of names) {
    const plan = await planOf(name, settings)
    graphs.push(graphOf(plan, await knownSteps(plan, store, settings)))
  }
  return graphs
}

/** The graph of a plan; `known` is what the store knows of its packages. */
export function graphOf(plan: Plan, known: ReadonlyMap<string, KnownStep>): Graph {
  const nodes = [...plan.nodes.values()].map(({ recipe }): GraphNode => {
    const { name, version, role } = recipe
    return { name, version, role, inImage: plan.contents.includes(name), state: stateOf(known.get(name)) }
  })
  return {
    profile: plan.profile.name,
    lines: linesOf(plan),
    nodes: nodes.sort((a, b) => compareBytes(a.name, b.name)),
    edges: [...plan.nodes.values()].flatMap((node) => edgesOf(node, plan)).sort(compareEdges),
  }
}

/** What the store knows of a package, in one word. */
export function stateOf(step: KnownStep | undefined): PackageState {
  if (step === undefined) return 'waiting'
  return step.output === undefined ? 'changed' : 'built'
}

function linesOf(plan: Plan): Line[] {
  const lines = plan.profile.packages.map((value): Line => ({ value, package: replaced(value, plan) }))
  return lines.sort((a, b) => compareBytes(a.value, b.value))
}

function edgesOf({ recipe, tools, cross, sysroot }: PlanNode, plan: Plan): Edge[] {
  const { build, target, runtime } = recipe.needs
  const toolchain = `toolchain ${plan.toolchain.name}`
  const edge = (to: string, kind: EdgeKind, by: string): Edge => ({ from: recipe.name, to, kind, by })
  return [
    ...tools.map((to) =>
      edge(to, 'tool', build.includes(to) || to !== SHELL_PACKAGE ? 'needs.build' : 'the shell of every step'),
    ),
    ...cross.map((to) => edge(to, 'cross', build.includes(to) ? 'needs.build' : toolchain)),
    ...sysroot.map((to) => edge(to, 'sysroot', target.includes(to) ? 'needs.target' : toolchain)),
    ...runtime
      .map((name) => replaced(name, plan))
      .filter((to) => plan.contents.includes(recipe.name) && plan.nodes.has(to))
      .map((to) => edge(to, 'runtime', 'needs.runtime')),
  ]
}

/** The package that a toolchain puts in the place of another. */
function replaced(name: string, { toolchain }: Plan): string {
  return toolchain.kind === 'prebuilt' ? (toolchain.replaces[name] ?? name) : name
}

function compareEdges(a: Edge, b: Edge): number {
  return compareBytes(a.from, b.from) || compareBytes(a.to, b.to) || compareBytes(a.kind, b.kind)
}
