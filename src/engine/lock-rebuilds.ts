import type { Lock, LockedPackage } from '../model/lock.ts'
import { isSame, packageIn } from './lock-changes.ts'

/** A package that a build with another lock makes anew. */
export interface Rebuild {
  readonly name: string
  /** What changed: of itself, or of the package at the end of the chain. */
  readonly reason: string
  /** From what it needs to the package that changed; empty when it changed itself. */
  readonly chain: readonly string[]
  /** What came of it, where both locks know. */
  readonly output: 'same' | 'changed' | 'unknown'
}

/**
 * The packages of `after` that a build makes anew where all of `before` is in the store, in the order of the lock, each
 * with the shortest chain to a package that changed. Where the locks say that a package came out with the same bits,
 * nothing above it is made anew, unless its recipe changed: that may give others another part of the same bits.
 */
export function rebuildsOf(before: Lock, after: Lock): Rebuild[] {
  const found = new Map<string, Rebuild>()
  const seeds = isSame(before.seeds, after.seeds) ? '' : 'the seed changed'
  for (const [name, now] of Object.entries(after.packages)) {
    const reason = seeds || ownReason(packageIn(before, name), now)
    if (reason !== '') found.set(name, { name, reason, chain: [], output: outputChange(before, after, name) })
  }
  const users = usersOf(after)
  // A map is walked in the order in which it grows: nearest first.
  for (const [name, { reason, chain, output }] of found) {
    if (output === 'same' && packageIn(before, name)?.recipe === packageIn(after, name)?.recipe) continue
    for (const user of users.get(name) ?? []) {
      if (found.has(user)) continue
      found.set(user, { name: user, reason, chain: [name, ...chain], output: outputChange(before, after, user) })
    }
  }
  return Object.keys(after.packages).flatMap((name) => found.get(name) ?? [])
}

function ownReason(before: LockedPackage | undefined, now: LockedPackage): string {
  if (before === undefined) return 'new'
  if (before.version !== now.version) return `${before.version} → ${now.version}`
  if (!isSame(before.sources.map(content), now.sources.map(content))) return 'other sources'
  if (before.step !== now.step) return before.recipe === now.recipe ? 'other options' : 'its recipe changed'
  if (!isSame(before.needs, now.needs)) return 'it is built with other packages'
  // Files beside the recipe, or how its output is split, which those that use it see.
  return before.recipe === now.recipe ? '' : 'its recipe changed'
}

/** What a build sees of a source: not where it came from. */
function content({ at, integrity, inner, strip, include, exclude }: LockedPackage['sources'][number]): object {
  return { at, integrity, inner, strip, include, exclude }
}

function outputChange(before: Lock, after: Lock, name: string): Rebuild['output'] {
  const old = packageIn(before, name)?.output ?? ''
  const now = packageIn(after, name)?.output ?? ''
  if (old === '' || now === '') return 'unknown'
  return old === now ? 'same' : 'changed'
}

function usersOf(lock: Lock): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  for (const [name, { needs }] of Object.entries(lock.packages)) {
    for (const need of needs) users.set(need, [...(users.get(need) ?? []), name])
  }
  return users
}
