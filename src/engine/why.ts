import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../model/recipe.ts'
import { PLACES } from '../plan/environment.ts'
import type { Plan } from '../plan/plan.ts'
import { openStore, type Store } from '../store/store.ts'
import { compareBytes } from '../util/compare.ts'
import { type Edge, type Graph, graphOf, type Line, type PackageState, stateOf } from './graph.ts'
import { readHistory } from './history.ts'
import { checkName, type KnownStep, knownSteps } from './known-steps.ts'
import { type RequestChange, requestChanges } from './request-changes.ts'
import { planOf } from './resolve.ts'
import type { Settings } from './settings.ts'
import { type FileReason, whyFile } from './why-file.ts'

/** Why a profile has a package. */
export interface PackageReason {
  readonly kind: 'package'
  readonly profile: string
  readonly name: string
  readonly version: string
  readonly role: Role
  /** Absolute paths of the modules. */
  readonly recipe: string
  readonly profileFile: string
  readonly inImage: boolean
  /** Names of the profile that bring it by themselves. */
  readonly lines: readonly Line[]
  /** All shortest ways from a name of the profile to it. */
  readonly chains: readonly Chain[]
  /** Who needs it, and what for. */
  readonly neededBy: readonly Edge[]
  readonly build: BuildReason
}

/** One way from the profile to a package, each edge from the package before it; none when the profile names it. */
export interface Chain {
  readonly line: Line
  readonly edges: readonly Edge[]
}

/** Why a package was built, or will be. */
export interface BuildReason {
  readonly state: PackageState
  /** Packages and sources that must be there before its request can be composed. */
  readonly waitsFor: readonly string[]
  /**
   * What the comparison is with: the result that the profile used last, the one before it when the last is the
   * present one, or nothing on record, as in stores of older versions.
   */
  readonly comparedWith: 'last result' | 'result before' | 'nothing'
  /** What of the request differs, with the packages or recipe fields behind each input. */
  readonly changes: readonly (RequestChange & { readonly origin: string })[]
}

/**
 * Explains a package by its name, or a file of the image by its path, which has a slash. Throws `E_PROFILE_UNKNOWN`,
 * `E_PACKAGE_UNKNOWN` and `E_PATH_UNKNOWN` with the nearest name, and `E_USAGE` for a path when what is in the image
 * has not been built.
 */
export async function why(profile: string, subject: string, settings: Settings): Promise<PackageReason | FileReason> {
  const plan = await planOf(profile, settings)
  if (!subject.includes('/')) checkName(plan, subject)
  const store = await openStore(settings.home)
  const known = await knownSteps(plan, store, settings)
  if (subject.includes('/')) return whyFile(plan, subject, known, store)
  return whyPackage(plan, subject, known, store, settings)
}

async function whyPackage(
  plan: Plan,
  name: string,
  known: ReadonlyMap<string, KnownStep>,
  store: Store,
  settings: Settings,
): Promise<PackageReason> {
  const graph = graphOf(plan, known)
  const node = plan.nodes.get(name)
  const { version = '', role = 'target', folder = '' } = node?.recipe ?? {}
  return {
    kind: 'package',
    profile: plan.profile.name,
    name,
    version,
    role,
    recipe: moduleFile(folder, 'recipe'),
    profileFile: profileFile(plan.profile.name, settings),
    inImage: plan.contents.includes(name),
    lines: graph.lines.filter((line) => line.package === name),
    chains: shortestChains(graph, name),
    neededBy: graph.edges.filter((edge) => edge.to === name),
    build: await buildReason(plan, name, known, store),
  }
}

/** Breadth first from the profile's names, so that every chain found first is a shortest one. */
export function shortestChains(graph: Graph, wanted: string): Chain[] {
  const seen = new Set<string>()
  let chains: Chain[] = graph.lines.map((line) => ({ line, edges: [] }))
  while (chains.length > 0) {
    const found = chains.filter((chain) => endOf(chain) === wanted)
    if (found.length > 0) return found
    for (const chain of chains) seen.add(endOf(chain))
    chains = chains.flatMap((chain) =>
      graph.edges
        .filter(({ from, to }) => from === endOf(chain) && !seen.has(to))
        .map((edge) => ({ line: chain.line, edges: [...chain.edges, edge] })),
    )
  }
  return []
}

function endOf({ line, edges }: Chain): string {
  return edges.at(-1)?.to ?? line.package
}

async function buildReason(
  plan: Plan,
  name: string,
  known: ReadonlyMap<string, KnownStep>,
  store: Store,
): Promise<BuildReason> {
  const step = known.get(name)
  const state = stateOf(step)
  if (step === undefined) {
    return { state, waitsFor: waitsFor(plan, name, known), comparedWith: 'nothing', changes: [] }
  }
  const { latest, before } = await readHistory(store, plan.profile.name, name)
  const isLatest = latest !== undefined && (await requestChanges(latest, step.request, store)).length === 0
  const other = isLatest ? before : latest
  if (other === undefined) return { state, waitsFor: [], comparedWith: 'nothing', changes: [] }
  const changes = (await requestChanges(other, step.request, store)).map((change) => ({
    ...change,
    origin: originOf(change.field, name, plan),
  }))
  return { state, waitsFor: [], comparedWith: isLatest ? 'result before' : 'last result', changes }
}

/** Needs that have no result yet, else the sources that have to be fetched. */
function waitsFor(plan: Plan, name: string, known: ReadonlyMap<string, KnownStep>): string[] {
  const node = plan.nodes.get(name)
  const needs = [...(node?.tools ?? []), ...(node?.cross ?? []), ...(node?.sysroot ?? [])]
  const unbuilt = [...new Set(needs)].filter((need) => known.get(need)?.output === undefined).sort(compareBytes)
  return unbuilt.length > 0 ? unbuilt : ['its sources, or those of the toolchain']
}

/** Where a part of a request comes from. */
function originOf(field: string, name: string, plan: Plan): string {
  const node = plan.nodes.get(name)
  const [kind, what = ''] = field.split(' ')
  const list = (names: readonly string[] = []): string => names.join(', ')
  if (kind === 'env') {
    if (node?.recipe.env[what] !== undefined) return 'env of the recipe'
    return ENV_ORIGINS[what] ?? (node?.recipe.role === 'target' ? 'options of the profile and the toolchain' : '')
  }
  if (kind !== 'input') return kind === 'timeout' ? 'timeout of the recipe' : ''
  if (what.startsWith(`${PLACES.tools}/`)) return `package ${what.slice(PLACES.tools.length + 1)}`
  const prebuilt = plan.prebuilt === undefined ? '' : `toolchain ${plan.toolchain.name}`
  const origins: Readonly<Record<string, string>> = {
    [PLACES.source]: 'sources of the recipe',
    [PLACES.files]: 'files and patches beside the recipe',
    [PLACES.step]: 'build steps of the recipe',
    [PLACES.seed]: 'the seed',
    '/lib64': 'the seed',
    [PLACES.cross]: prebuilt || list(node?.cross),
    [PLACES.sysroot]: [prebuilt, ...(node?.sysroot ?? [])].filter((part) => part !== '').join(', '),
  }
  return origins[what] ?? ''
}

/** Variables that one field decides. */
const ENV_ORIGINS: Readonly<Record<string, string>> = {
  VERSION: 'version of the recipe',
  SOURCE_DATE_EPOCH: 'epoch of the profile',
  PATH: 'needs.build of the recipe',
  SRC: 'patches of the recipe',
  ARCH: 'target of the profile',
  TARGET: 'target of the profile',
  KERNEL_MIN: 'target of the profile',
}

function profileFile(name: string, { recipeFolders }: Settings): string {
  const files = recipeFolders.map((folder) => moduleFile(join(folder, 'profiles'), name))
  return files.find((file) => existsSync(file)) ?? ''
}

/** Path of a module: sources are TypeScript, the published package holds JavaScript. */
function moduleFile(folder: string, stem: string): string {
  const typed = join(folder, `${stem}.ts`)
  return existsSync(typed) ? typed : join(folder, `${stem}.js`)
}
