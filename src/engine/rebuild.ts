import { fetchBlob } from '../fetch/fetch-source.ts'
import type { Digest } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import { downloadsOf } from '../plan/seed.ts'
import type { ActionResult } from '../store/actions.ts'
import type { Store } from '../store/store.ts'
import { type BuiltPackage, buildPackages } from './build.ts'
import { writeImages } from './images.ts'
import { checkFresh, checkOutput, lockOf } from './lock.ts'
import { planOf, type Resolved, resolveLocked } from './resolve.ts'
import type { Settings } from './settings.ts'
import { SourceTrees, unpackName } from './sources.ts'

/** Everything in a store that a rebuild elsewhere starts from. */
export interface Basis {
  readonly actions: readonly { readonly key: Digest; readonly result: ActionResult }[]
  readonly sources: readonly BasisSource[]
}

/** A source by the name under which a store remembers it. */
export interface BasisSource {
  readonly name: string
  readonly digest: Digest
  /** As an archive or unpacked; folders alone are enough to know what was built with it. */
  readonly kind: 'archive' | 'tree' | 'folders'
}

/** What a rebuild is to give. */
export interface RebuildOptions {
  /** Packages that are needed at its end. */
  readonly wanted: readonly string[]
  /** Those among them, and among what they need, that are built again. */
  readonly rebuilt: readonly string[]
  /** True to unpack everything again. */
  readonly isFromArchives: boolean
}

/** What came out of a rebuild. */
export interface Rebuilt {
  readonly outputs: Readonly<Record<string, Digest>>
  /** By the name of the file. */
  readonly images: Readonly<Record<string, Digest>>
}

/** A plan and its lock, which matches the recipes. Throws `E_LOCK_STALE`, and what {@link resolveLocked} throws. */
export async function freshlyLocked(profile: string, settings: Settings): Promise<Resolved> {
  const { plan, lock } = await resolveLocked(profile, settings)
  checkFresh(lock, await lockOf(plan, lock))
  return { plan, lock }
}

/**
 * Brings what a rebuild starts from into the store, as locked: what it does not build, and the sources of what it does,
 * unpacked; with `isFromArchives` their archives only, and nothing of the seed.
 * Throws the error of what failed, or `E_NOT_REPRODUCIBLE` when a package that is not built again differs from the lock.
 */
export async function prepareBasis(
  { plan, lock }: Resolved,
  { wanted, rebuilt, isFromArchives }: RebuildOptions,
  store: Store,
  settings: Settings,
): Promise<Basis> {
  const fresh = new Set(rebuilt)
  const below = [...closure(plan, wanted)].filter((name) => !fresh.has(name))
  const built = new Map<string, BuiltPackage>()
  const check = (name: string, output: Digest): void => checkOutput(lock, name, output)
  if (below.length > 0) await buildPackages(partOf(plan, below), store, settings, built, check)
  for (const { name, result } of built.values()) check(name, result.output)
  const actions = below.flatMap((name) => built.get(name) ?? []).map(({ key, result }) => ({ key, result }))
  const sourcesOf = (names: readonly string[]): Source[] =>
    names.flatMap((name) => plan.nodes.get(name)?.recipe.sources ?? [])
  if (isFromArchives) {
    const archives = sourcesOf(rebuilt).map((source) => archiveOf(source, store, settings))
    return { actions, sources: await Promise.all(archives) }
  }
  const trees = new SourceTrees(store, settings)
  const unpacked = [...downloadsOf(plan), ...sourcesOf(rebuilt)].map((source) => unpackedOf(source, 'tree', trees))
  const known = sourcesOf(below).map((source) => unpackedOf(source, 'folders', trees))
  return { actions, sources: await Promise.all([...unpacked, ...known]) }
}

/**
 * Builds packages, and with `withImages` the images, into the store, whatever the lock says of the results.
 * @param seed name of the toolchain that compiles the first program
 */
export async function rebuild(
  profile: string,
  packages: readonly string[],
  withImages: boolean,
  store: Store,
  settings: Settings,
  seed: string,
): Promise<Rebuilt> {
  const plan = await planOf(profile, settings, seed)
  const built = new Map<string, BuiltPackage>()
  await buildPackages(withImages ? plan : partOf(plan, packages), store, settings, built, () => undefined)
  const outputs = new Map([...built].map(([name, { result }]) => [name, result.output]))
  const written = withImages ? (await writeImages(plan, outputs, store, settings)).images : []
  return {
    outputs: Object.fromEntries(outputs),
    images: Object.fromEntries(written.map(({ file, digest }) => [file, digest])),
  }
}

/** Names of everything that a package is built with. */
export function needsOf({ tools, cross, sysroot }: PlanNode): string[] {
  return [...new Set([...tools, ...cross, ...sysroot])]
}

/** The packages and all that they need. */
function closure(plan: Plan, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = plan.nodes.get(name)
    if (node === undefined || found.has(name)) continue
    found.add(name)
    waiting.push(...needsOf(node))
  }
  return found
}

/** The plan of some packages alone, with all that they need. */
function partOf(plan: Plan, names: readonly string[]): Plan {
  const wanted = closure(plan, names)
  return { ...plan, nodes: new Map([...plan.nodes].filter(([name]) => wanted.has(name))) }
}

async function archiveOf(source: Source, store: Store, settings: Settings): Promise<BasisSource> {
  const { signal, onEvent } = settings
  const name = source.from[0] ?? ''
  const onProgress = (bytes: number): void => onEvent({ type: 'fetching', name, bytes, size: source.size })
  const digest = await fetchBlob(source, store, settings.fetch, { signal, onProgress })
  return { name: source.integrity, digest, kind: 'archive' }
}

async function unpackedOf(source: Source, kind: 'tree' | 'folders', trees: SourceTrees): Promise<BasisSource> {
  return { name: unpackName(source), digest: await trees.get(source.from[0] ?? '', source), kind }
}
