import { parseDigest, sizeOf } from '../model/digest.ts'
import type { Lock, LockedPackage } from '../model/lock.ts'
import type { Source } from '../model/recipe.ts'
import { SIGNATURE_KINDS, type Voucher } from '../model/update.ts'
import { compareBytes } from '../util/compare.ts'
import { isSame, namesIn, packageIn } from './lock-changes.ts'
import { type Rebuild, rebuildsOf } from './lock-rebuilds.ts'

/** A value before and after; '' or 0 where there was or is none. */
export interface Change<T> {
  readonly before: T
  readonly after: T
}

/** What joined and what left a list. */
export interface ListChange {
  readonly added: readonly string[]
  readonly dropped: readonly string[]
}

/** What differs in one package, or in one seed. */
export interface LockedDifference {
  readonly name: string
  readonly kind: 'new' | 'gone' | 'changed'
  readonly version: Change<string>
  /** The recipe's own version where the lock pins another. */
  readonly pinnedFrom: Change<string>
  readonly license: Change<string>
  /** Bytes of all sources. */
  readonly size: Change<number>
  /** Where sources come from: host names, `npm`, `debian`, `file`. */
  readonly hosts: ListChange
  /** Keys whose signatures count. */
  readonly signers: ListChange
  /** All who vouch, as `kind by`. */
  readonly vouchers: ListChange
  /** Files that have other bytes under the same name. */
  readonly rerolled: readonly string[]
  /** True when the digest of the recipe differs. */
  readonly recipe: boolean
}

/** An output or image, by the digests before and after; '' where unknown or not there. */
export interface OutputDifference extends Change<string> {
  readonly name: string
}

/** An image file; sizes in bytes, 0 where it is not there. */
export interface ImageDifference extends OutputDifference {
  readonly size: Change<number>
}

/** What a reviewer should know of two locks. */
export interface LockDiff {
  readonly profile: string
  /** Changes of the lock as a whole, in words. */
  readonly settings: readonly string[]
  readonly seeds: readonly LockedDifference[]
  readonly packages: readonly LockedDifference[]
  /** What a build with the second makes anew. */
  readonly rebuilds: readonly Rebuild[]
  readonly outputs: readonly OutputDifference[]
  readonly images: readonly ImageDifference[]
}

/** Compares two locks; without a first one everything is new. */
export function diffLocks(before: Lock | undefined, after: Lock): LockDiff {
  const old = before ?? { ...after, seeds: {}, packages: {}, images: {} }
  const differences = namesIn(old, after).flatMap((name) =>
    differenceOf(name, packageIn(old, name), packageIn(after, name)),
  )
  return {
    profile: after.profile,
    settings: settingsOf(old, after),
    seeds: namesOf(old.seeds, after.seeds).flatMap((name) =>
      differenceOf(name, seedIn(old, name), seedIn(after, name)),
    ),
    packages: differences,
    // Of a lock that is not there, all packages are new, and no other seed is the reason.
    rebuilds: rebuildsOf(before ?? { ...old, seeds: after.seeds }, after),
    outputs: namesIn(old, after).flatMap((name) => {
      const change = {
        before: packageIn(old, name)?.output ?? '',
        after: packageIn(after, name)?.output ?? '',
      }
      return change.before === change.after ? [] : [{ name, ...change }]
    }),
    images: namesOf(old.images, after.images).flatMap((name) => imageChange(name, old, after)),
  }
}

/** True when two locks say the same. */
export function isEmptyDiff({ settings, seeds, packages, outputs, images }: LockDiff): boolean {
  return [settings, seeds, packages, outputs, images].every((list) => list.length === 0)
}

/** Where a location leads: a host name, `npm`, `debian` or `file`. */
export function hostOf(location: string): string {
  const scheme = location.slice(0, location.indexOf(':'))
  return /^https?$/.test(scheme) && URL.canParse(location) ? new URL(location).host : scheme
}

function settingsOf(before: Lock, after: Lock): string[] {
  const settings: string[] = []
  if (before.profile !== after.profile) settings.push(`profile ${before.profile} → ${after.profile}`)
  if (before.format !== after.format) settings.push(`image format ${before.format} → ${after.format}`)
  if (before.epoch !== after.epoch) settings.push(`epoch ${before.epoch} → ${after.epoch}`)
  if (before.profileDigest !== after.profileDigest) settings.push('the profile or its toolchain changed')
  return settings
}

type Comparable = Pick<LockedPackage, 'version' | 'pinnedFrom' | 'license' | 'recipe' | 'sources' | 'vouchers'>

const NOTHING: Comparable = { version: '', pinnedFrom: '', license: '', recipe: '', sources: [], vouchers: [] }

function differenceOf(
  name: string,
  before: Comparable | undefined,
  after: Comparable | undefined,
): readonly LockedDifference[] {
  const [a, b] = [before ?? NOTHING, after ?? NOTHING]
  const compared = ({ version, pinnedFrom, license, recipe, sources, vouchers }: Comparable): Comparable => {
    return { version, pinnedFrom, license, recipe, sources, vouchers }
  }
  if (before !== undefined && after !== undefined && isSame(compared(a), compared(b))) return []
  const difference: LockedDifference = {
    name,
    kind: before === undefined ? 'new' : after === undefined ? 'gone' : 'changed',
    version: { before: a.version, after: b.version },
    pinnedFrom: { before: a.pinnedFrom, after: b.pinnedFrom },
    license: { before: a.license, after: b.license },
    size: { before: sizeOfAll(a.sources), after: sizeOfAll(b.sources) },
    hosts: listChange(hostsOf(a.sources), hostsOf(b.sources)),
    signers: listChange(signersOf(a.vouchers), signersOf(b.vouchers)),
    vouchers: listChange(a.vouchers.map(shownVoucher), b.vouchers.map(shownVoucher)),
    rerolled: rerolledFiles(a.sources, b.sources),
    recipe: a.recipe !== b.recipe,
  }
  return [difference]
}

function seedIn(lock: Lock, name: string): Comparable | undefined {
  const source = Object.hasOwn(lock.seeds, name) ? lock.seeds[name] : undefined
  return source === undefined ? undefined : { ...NOTHING, sources: [source] }
}

function imageChange(name: string, old: Lock, now: Lock): readonly ImageDifference[] {
  const before = old.images[name]?.digest ?? ''
  const after = now.images[name]?.digest ?? ''
  const size = (digest: string): number => (digest === '' ? 0 : sizeOf(parseDigest(digest)))
  return before === after ? [] : [{ name, before, after, size: { before: size(before), after: size(after) } }]
}

function rerolledFiles(before: readonly Source[], after: readonly Source[]): string[] {
  const known = new Map(before.flatMap(({ from, integrity }) => from.map((location) => [location, integrity] as const)))
  return after.flatMap(({ from, integrity }) => from.filter((text) => (known.get(text) ?? integrity) !== integrity))
}

function hostsOf(sources: readonly Source[]): string[] {
  return sources.flatMap(({ from }) => from.map(hostOf))
}

function signersOf(vouchers: readonly Voucher[]): string[] {
  return vouchers.filter(({ kind }) => SIGNATURE_KINDS.some((one) => one === kind)).map(({ by }) => by)
}

function shownVoucher({ kind, by }: Voucher): string {
  return `${kind} ${by}`
}

function sizeOfAll(sources: readonly Source[]): number {
  return sources.reduce((sum, { size }) => sum + size, 0)
}

function listChange(before: readonly string[], after: readonly string[]): ListChange {
  const only = (these: readonly string[], others: readonly string[]): string[] =>
    [...new Set(these)].filter((one) => !others.includes(one)).sort(compareBytes)
  return { added: only(after, before), dropped: only(before, after) }
}

function namesOf(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareBytes)
}
