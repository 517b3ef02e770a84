import { mergeImage, PROFILE_OWNER, profileField } from '../assemble/image.ts'
import type { OwnedEntry } from '../assemble/merge.ts'
import { digestOf } from '../model/digest.ts'
import type { OutputName } from '../model/recipe.ts'
import type { TreeEntry } from '../model/tree.ts'
import type { Plan } from '../plan/plan.ts'
import { ruleFor, splitOutputs } from '../plan/split.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'
import { imageFiles } from './images.ts'
import type { KnownStep } from './known-steps.ts'

/** Why an image has a path, or why it has not although a package installs it. */
export interface FileReason {
  readonly kind: 'file'
  readonly profile: string
  /** With a leading slash; where folders on the way are links, the path that they lead to. */
  readonly path: string
  readonly type: OwnedEntry['kind']
  /** Target of a link, else ''. */
  readonly target: string
  readonly inImage: boolean
  /** The package whose entry is in the image; '' for one of the profile's own, and where none is. */
  readonly package: string
  /** For the profile's own: the field that brings it; '' for what every image has. */
  readonly profileField: string
  /** Every package that installs it, in the order in which they are merged. */
  readonly installedBy: readonly Installed[]
  /** True when the profile's `overrides` chooses between several. */
  readonly isOverride: boolean
}

/** How one package treats a path that it installs. */
export interface Installed {
  readonly package: string
  readonly output: OutputName | 'removed'
  /** The glob that puts it there; '' for what no glob names, which is runtime. */
  readonly glob: string
  /** Whose glob it is. */
  readonly rule: 'recipe' | 'every package'
}

/** Most links on the way to a path, as in the kernel. */
const MOST_LINKS = 40

/**
 * Explains a path of the image. Throws `E_PATH_UNKNOWN` with the nearest path when no package installs it, and
 * `E_USAGE` when a package of the image has not been built.
 */
export async function whyFile(
  plan: Plan,
  subject: string,
  known: ReadonlyMap<string, KnownStep>,
  store: Store,
): Promise<FileReason> {
  const trees = await installedTrees(plan, known, store)
  const layers = [...trees].map(([name, entries]) => ({ name, entries: runtimeOf(plan, name, entries) }))
  const merged = await mergeImage(plan.profile, layers, { put: async (bytes) => digestOf(bytes) })
  const entries = new Map(merged.map((entry) => [entry.path, entry]))
  entries.set('', { kind: 'directory', path: '', owner: PROFILE_OWNER })
  const path = followed(clean(subject), entries)
  const installedBy = [...trees].flatMap(([name, all]) => installation(plan, name, path, all))
  const entry = entries.get(path)
  const dropped = [...trees.values()].flat().find((one) => one.path === path)
  const shown = entry ?? dropped
  if (shown === undefined) throw unknownPath(plan, path, [...trees.values()].flat().concat(merged))
  const isOwn = entry?.owner === PROFILE_OWNER
  return {
    kind: 'file',
    profile: plan.profile.name,
    path: `/${path}`,
    type: shown.kind,
    target: shown.kind === 'symlink' ? shown.target : '',
    inImage: entry !== undefined,
    package: entry === undefined || isOwn ? '' : entry.owner,
    profileField: isOwn ? profileField(plan.profile, path) : '',
    installedBy,
    isOverride: plan.profile.overrides[path] !== undefined,
  }
}

/** Everything that each package of the image installs. */
async function installedTrees(
  plan: Plan,
  known: ReadonlyMap<string, KnownStep>,
  store: Store,
): Promise<ReadonlyMap<string, readonly TreeEntry[]>> {
  const trees = new Map<string, readonly TreeEntry[]>()
  for (const name of plan.contents) {
    const output = known.get(name)?.output
    if (output === undefined) {
      throw new MrrlError('E_USAGE', `${name} has not been built yet, so nobody knows what it installs`, {
        hint: `Build it with: mrrl build ${plan.profile.name}`,
      })
    }
    trees.set(name, await store.trees.entries(output))
  }
  return trees
}

function runtimeOf(plan: Plan, name: string, entries: readonly TreeEntry[]): TreeEntry[] {
  const recipe = plan.nodes.get(name)?.recipe
  return recipe === undefined ? [] : imageFiles(splitOutputs(recipe, entries), plan)
}

function installation(plan: Plan, name: string, path: string, entries: readonly TreeEntry[]): Installed[] {
  const recipe = plan.nodes.get(name)?.recipe
  if (recipe === undefined || !entries.some((entry) => entry.path === path)) return []
  const { output, glob, isOwn } = ruleFor(recipe, path)
  return [{ package: name, output, glob, rule: isOwn ? 'recipe' : 'every package' }]
}

/** `//usr/./bin/ld` as `usr/bin/ld`. */
function clean(subject: string): string {
  return subject
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}

/** The path behind the links among the folders on the way; its last part is not followed. */
function followed(path: string, entries: ReadonlyMap<string, TreeEntry>): string {
  const waiting = path.split('/')
  const done: string[] = []
  for (let links = 0; waiting.length > 0 && links <= MOST_LINKS; ) {
    const part = waiting.shift() ?? ''
    if (part === '..') done.pop()
    else if (part !== '' && part !== '.') done.push(part)
    const entry = entries.get(done.join('/'))
    if (waiting.length === 0 || entry?.kind !== 'symlink') continue
    links++
    waiting.unshift(...entry.target.split('/'))
    if (entry.target.startsWith('/')) done.length = 0
    else done.pop()
  }
  return [...done, ...waiting].join('/')
}

function unknownPath(plan: Plan, path: string, entries: readonly TreeEntry[]): MrrlError {
  const paths = [...new Set(entries.map((entry) => `/${entry.path}`))]
  const base = path.slice(path.lastIndexOf('/') + 1)
  const near = paths.find((one) => one.endsWith(`/${base}`)) ?? nearest(`/${path}`, paths)
  return new MrrlError('E_PATH_UNKNOWN', `no package of ${plan.profile.name} installs /${path}`, {
    fields: { path: `/${path}`, profile: plan.profile.name },
    hint:
      near === undefined
        ? `See what is in the image with: mrrl ls images/${plan.profile.name}/<file>`
        : `Did you mean ${near}?`,
  })
}
