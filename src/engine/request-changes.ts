import { listChanges } from '../compare/lists.ts'
import type { BuildRequest } from '../model/build-request.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import { PLACES } from '../plan/environment.ts'
import type { Store } from '../store/store.ts'
import { compareBytes } from '../util/compare.ts'

/** One field that two requests differ in. */
export interface RequestChange {
  /** `argv`, `env CFLAGS`, `input /src`, `timeout` … */
  readonly field: string
  /** '' where the field is not there. A tree is named by its digest. */
  readonly before: string
  readonly now: string
  /** For an input that the store has of both: paths below it that differ, sorted. */
  readonly paths: readonly string[]
  /** Of the step's script: the lines that went, with `-` in front, and those that came, with `+`. */
  readonly lines: readonly string[]
}

/** Compares two requests field by field: inputs by path, variables by name, then the rest. */
export async function requestChanges(before: BuildRequest, now: BuildRequest, store: Store): Promise<RequestChange[]> {
  const trees = [
    byName(before.inputs.map(({ at, tree }) => [at, tree])),
    byName(now.inputs.map(({ at, tree }) => [at, tree])),
  ] as const
  const inputs = await Promise.all(differing(...trees).map(([at, old, fresh]) => inputChange(at, old, fresh, store)))
  const env = differing(byName(before.env), byName(now.env)).map(([name, old, fresh]) =>
    plain(`env ${name}`, old, fresh),
  )
  const rest = differing(scalars(before), scalars(now)).map(([name, old, fresh]) => plain(name, old, fresh))
  return [...inputs, ...env, ...rest]
}

async function inputChange(
  at: string,
  before: Digest | undefined,
  now: Digest | undefined,
  store: Store,
): Promise<RequestChange> {
  const change = plain(`input ${at}`, before, now)
  if (before === undefined || now === undefined) return change
  const lines = at === PLACES.step ? await changedLines(before, now, store) : []
  return { ...change, paths: await changedPaths(before, now, store), lines }
}

function scalars({ argv, output, platform, hostTools, network, timeout }: BuildRequest): ReadonlyMap<string, string> {
  return byName([
    ['argv', argv.join(' ')],
    ['output', output],
    ['platform', platform],
    ['hostTools', String(hostTools)],
    ['network', String(network)],
    ['timeout', String(timeout)],
  ])
}

function plain(field: string, before: string | undefined, now: string | undefined): RequestChange {
  return { field, before: before ?? '', now: now ?? '', paths: [], lines: [] }
}

/** Names that one of two maps lacks, or where they differ, sorted. */
function differing<T>(
  before: ReadonlyMap<string, T>,
  now: ReadonlyMap<string, T>,
): (readonly [string, T | undefined, T | undefined])[] {
  const names = [...new Set([...before.keys(), ...now.keys()])].sort(compareBytes)
  return names.map((name) => [name, before.get(name), now.get(name)] as const).filter(([, old, fresh]) => old !== fresh)
}

function byName<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  return new Map(pairs)
}

/** What differs between the scripts of two steps. */
async function changedLines(before: Digest, now: Digest, store: Store): Promise<string[]> {
  const [old, fresh] = [await scriptLines(before, store), await scriptLines(now, store)]
  return listChanges(old, fresh).flatMap((change) => [
    ...old.slice(change.before, change.beforeEnd).map((line) => `-${line}`),
    ...fresh.slice(change.after, change.afterEnd).map((line) => `+${line}`),
  ])
}

async function scriptLines(step: Digest, store: Store): Promise<string[]> {
  if (!(await store.blobs.has(step))) return []
  const script = (await store.trees.directory(step)).files.find(({ name }) => name === STEP_SCRIPT)
  if (script === undefined || !(await store.blobs.has(script.digest))) return []
  return Buffer.from(await store.blobs.read(script.digest))
    .toString()
    .split('\n')
}

/** Name of the script in the step's tree. */
const STEP_SCRIPT = 'run'

/** Paths that differ, sorted; a folder that only one of the two has ends in `/`. */
async function changedPaths(before: Digest, now: Digest, store: Store, prefix = ''): Promise<string[]> {
  const [old, fresh] = [await childrenOf(before, store), await childrenOf(now, store)]
  const paths: string[] = []
  for (const [name, a, b] of differing(old, fresh)) {
    const [left, right] = [folderDigest(a), folderDigest(b)]
    if (left !== undefined && right !== undefined) {
      paths.push(...(await changedPaths(left, right, store, `${prefix}${name}/`)))
    } else paths.push(`${prefix}${name}${(left ?? right) === undefined ? '' : '/'}`)
  }
  return paths
}

/** What stands for each name of a folder; none when garbage collection has taken it. */
async function childrenOf(tree: Digest, store: Store): Promise<ReadonlyMap<string, string>> {
  if (!(await store.blobs.has(tree))) return new Map()
  const { files, directories, symlinks } = await store.trees.directory(tree)
  return new Map([
    ...files.map(({ name, digest, executable }) => [name, `file ${digest} ${executable}`] as const),
    ...symlinks.map(({ name, target }) => [name, `link ${target}`] as const),
    ...directories.map(({ name, digest }) => [name, FOLDER + digest] as const),
  ])
}

const FOLDER = 'folder '

function folderDigest(child: string | undefined): Digest | undefined {
  return child?.startsWith(FOLDER) ? parseDigest(child.slice(FOLDER.length)) : undefined
}
