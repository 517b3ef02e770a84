import { type Lock, type LockedPackage, pinsOf } from '../model/lock.ts'
import type { Update, Voucher } from '../model/update.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import type { UpdateConfig } from '../update/config.ts'
import { openUpdateSession } from '../update/session.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'
import { checkFresh, lockOf } from './lock.ts'
import { diffLocks, type LockDiff } from './lock-diff.ts'
import { type Found, findUpdates, type Unreached } from './lock-find.ts'
import { type Group, groupsOf } from './lock-groups.ts'
import { keepOutputs, writeLocks } from './lock-operations.ts'
import { lockPath, planWith, type Resolved, resolveLocked } from './resolve.ts'
import type { Settings } from './settings.ts'

/** What is to be updated, and how. */
export interface UpdateOptions {
  /** Names of packages; none for all that have rules. */
  readonly packages: readonly string[]
  /** Profiles whose locks are updated. */
  readonly profiles: readonly string[]
  /** Takes files that nobody vouches for. */
  readonly acceptUnverified: boolean
  readonly isDryRun: boolean
  readonly config: UpdateConfig
  /** Called as packages are asked for, with how many are done. */
  readonly onProgress: (done: number, total: number) => void
}

/** One new version, and the packages that are made from it. */
export interface UpdatedPackages {
  readonly packages: readonly string[]
  readonly update: Update
}

/** What an update of one lock comes to. */
export interface UpdatedLock {
  readonly path: string
  readonly diff: LockDiff
}

/** What `mrrl lock --update` did, or would do. */
export interface UpdateReport {
  readonly updates: readonly UpdatedPackages[]
  /** Packages that have the newest version already. */
  readonly newest: readonly string[]
  /** Packages whose recipes do not say where newer versions are. */
  readonly withoutRules: readonly string[]
  readonly unreached: readonly Unreached[]
  /** Locks that change. */
  readonly locks: readonly UpdatedLock[]
  readonly isWritten: boolean
}

/**
 * Finds newer versions and pins them in all locks that hold the packages, or in none. Throws `E_LOCK_STALE` when one of them
 * is not what the recipes say, `E_PACKAGE_UNKNOWN`, and what {@link findUpdates} throws. What cannot be reached is left
 * out where no package is named.
 */
export async function updateLocks(options: UpdateOptions, settings: Settings): Promise<UpdateReport> {
  const resolved = await Promise.all(options.profiles.map((profile) => resolveLocked(profile, settings)))
  const { chosen, withoutRules } = choose(groupsOf(resolved), options.packages)
  // Else the diff would show more than the update.
  const touched = resolved.filter(({ lock }) =>
    chosen.flatMap(namesIn).some((name) => Object.hasOwn(lock.packages, name)),
  )
  for (const { plan, lock } of touched) checkFresh(lock, await lockOf(plan, lock))
  const store = await openStore(settings.home)
  const { found, newest, unreached } = await useStore(
    store.layout,
    () => {
      const { acceptUnverified, onProgress } = options
      const { recipeFolders } = settings
      const maySkip = options.packages.length === 0
      return findUpdates(chosen, openUpdateSession(options.config, store), {
        recipeFolders,
        acceptUnverified,
        maySkip,
        onProgress,
      })
    },
    sweepLeftovers,
  )
  const changes = await Promise.all(resolved.map((one) => updated(one, found, settings)))
  const locks = changes.filter(({ before, after }) => before !== after)
  if (!options.isDryRun)
    await writeLocks(
      locks.map(({ after }) => after),
      settings,
    )
  return {
    updates: found.map(({ group, update }) => ({ packages: namesIn(group), update })),
    newest: newest.flatMap(namesIn),
    withoutRules,
    unreached,
    locks: locks.map(({ before, after }) => {
      return { path: lockPath(after.profile, settings), diff: diffLocks(before, after) }
    }),
    isWritten: !options.isDryRun && locks.length > 0,
  }
}

function namesIn({ members }: Group): string[] {
  return [...members.keys()]
}

function choose(
  groups: readonly Group[],
  names: readonly string[],
): { readonly chosen: readonly Group[]; readonly withoutRules: readonly string[] } {
  const known = groups.flatMap(({ members }) => [...members.keys()])
  for (const name of names) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new MrrlError('E_PACKAGE_UNKNOWN', `no lock has a package ${name} with a source`, {
      fields: { name, known: [...new Set(known)] },
      ...(near !== undefined && { hint: `Did you mean ${near}?` }),
    })
  }
  const wanted = groups.filter(({ members }) => names.length === 0 || names.some((name) => members.has(name)))
  const hasRules = ({ members }: Group): boolean => [...members.values()].every(({ update }) => update.range !== '')
  const without = wanted.filter((group) => !hasRules(group)).flatMap(namesIn)
  const named = names.find((name) => without.includes(name))
  if (named === undefined) return { chosen: wanted.filter(hasRules), withoutRules: [...new Set(without)] }
  throw new MrrlError('E_RECIPE_INVALID', `recipe ${named} does not say where newer versions are`, {
    fields: { file: `recipes/packages/${named}/recipe.ts`, field: 'update' },
    hint: 'Give it a range and indexes, see docs/recipes.md.',
  })
}

/** A lock with the new versions that concern it; the same lock when none does. */
async function updated(
  { plan, lock }: Resolved,
  found: readonly Found[],
  settings: Settings,
): Promise<{ readonly before: Lock; readonly after: Lock }> {
  const pinned: Record<string, LockedPackage> = {}
  for (const { update, sources } of found) {
    for (const [name, its] of sources) {
      const locked = lock.packages[name]
      const recipe = plan.nodes.get(name)?.recipe
      // A lock may hold another version of it, which is a group of its own.
      if (locked?.version !== update.before || recipe === undefined) continue
      const { after: version } = update
      const vouchers = update.vouchers.toSorted((a, b) => compareBytes(keyOf(a), keyOf(b)))
      pinned[name] = { ...locked, version, pinnedFrom: recipe.ownVersion, sources: its, vouchers }
    }
  }
  if (Object.keys(pinned).length === 0) return { before: lock, after: lock }
  const draft = { ...lock, packages: { ...lock.packages, ...pinned } }
  const after = await lockOf(await planWith(lock.profile, pinsOf(draft), settings), draft)
  for (const [name, { version }] of Object.entries(pinned)) {
    if (after.packages[name]?.version !== version) throw new MrrlError('E_INTERNAL', `${name} could not be pinned`)
  }
  return { before: lock, after: keepOutputs(lock, after) }
}

function keyOf({ file, kind, by }: Voucher): string {
  return `${file} ${kind} ${by}`
}
