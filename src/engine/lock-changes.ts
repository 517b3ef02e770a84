import type { Lock, LockedPackage } from '../model/lock.ts'
import { canonicalJson, type Json } from '../util/canonical-json.ts'
import { compareBytes } from '../util/compare.ts'

/** What differs between a lock and what the recipes are now, in words; outputs and images are not compared. */
export function describeChanges(locked: Lock, current: Lock): string[] {
  const changes: string[] = []
  if (locked.format !== current.format) changes.push(`image format ${locked.format} → ${current.format}`)
  if (locked.epoch !== current.epoch) changes.push(`epoch ${locked.epoch} → ${current.epoch}`)
  if (locked.profileDigest !== current.profileDigest)
    changes.push(`profile ${current.profile} or its toolchain changed`)
  else if (!isSame(locked.seeds, current.seeds)) changes.push('the seeds are not those of the toolchain')
  const steps: string[] = []
  for (const name of namesIn(locked, current)) {
    const change = changeOf(name, packageIn(locked, name), packageIn(current, name))
    if (change === STEP) steps.push(name)
    else if (change !== '') changes.push(change)
  }
  // One change of options or of mrrl shows in many packages.
  if (steps.length > 0) changes.push(`script or variables of ${steps.join(', ')} changed`)
  return changes
}

/** Names of the packages of either lock, in order. */
export function namesIn(a: Lock, b: Lock): string[] {
  return [...new Set([...Object.keys(a.packages), ...Object.keys(b.packages)])].sort(compareBytes)
}

/** A package of a lock; a name such as `constructor` is one only where the lock says so. */
export function packageIn(lock: Lock, name: string): LockedPackage | undefined {
  return Object.hasOwn(lock.packages, name) ? lock.packages[name] : undefined
}

/** True when two values have the same canonical text. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a as Json) === canonicalJson(b as Json)
}

/** What stands for a change that is told once for all packages. */
const STEP = 'step'

function changeOf(name: string, before: LockedPackage | undefined, now: LockedPackage | undefined): string {
  if (before === undefined) return `package ${name} is new`
  if (now === undefined) return `package ${name} is gone`
  if (before.pinnedFrom !== '' && now.pinnedFrom === '' && before.version !== now.version) {
    return `package ${name} ${before.version} → ${now.version}: its recipe changed since it was pinned from ${before.pinnedFrom}`
  }
  if (before.version !== now.version) return `package ${name} ${before.version} → ${now.version}`
  if (before.recipe !== now.recipe) return `recipe ${name} changed`
  if (before.step !== now.step) return STEP
  const { output: _before, ...rest } = before
  const { output: _now, ...restNow } = now
  return isSame(rest, restNow) ? '' : `the record of ${name} is not that of its recipe`
}
