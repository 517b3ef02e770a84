import type { Source } from './recipe.ts'
import type { Voucher } from './update.ts'

/** Layout of lock files; a file with another number is refused. */
export const LOCK_VERSION = 2

/** What one package was locked to. */
export interface LockedPackage {
  readonly version: string
  /** Version that the recipe itself states, where the lock pins another one; '' where it does not. */
  readonly pinnedFrom: string
  readonly license: string
  /** Digest of the recipe as resolved, with the files beside it. */
  readonly recipe: string
  /** Digest of the script and the variables that it is built with. */
  readonly step: string
  /** Packages that it is built with, sorted: when one of them comes out with other bits, it is built anew. */
  readonly needs: readonly string[]
  readonly sources: readonly Source[]
  /** Who besides the recipe's author says that these are the right files; sorted by file, kind and key. */
  readonly vouchers: readonly Voucher[]
  /** Digest of what the build installed; '' until it has been built. */
  readonly output: string
}

/** One written image. */
export interface LockedImage {
  /** Digest of the file's bytes; for the format `dir`, of its manifest. */
  readonly digest: string
}

/** Everything that decides the bits of a profile's images, and their digests. */
export interface Lock {
  readonly version: number
  /** Version of the image encoders. */
  readonly format: number
  readonly profile: string
  /** Digest of the profile and the toolchain as resolved. */
  readonly profileDigest: string
  readonly epoch: number
  /** The downloaded toolchain that compiles the first program, and any other taken as it is, by name. */
  readonly seeds: Readonly<Record<string, Source>>
  readonly packages: Readonly<Record<string, LockedPackage>>
  readonly images: Readonly<Record<string, LockedImage>>
}

/** A version that a lock names instead of a recipe's own. */
export interface Pin {
  readonly version: string
  /** The recipe's own version; the pin holds only as long as the recipe states it. */
  readonly pinnedFrom: string
  readonly sources: readonly Source[]
}

/** The pins of a lock, by package. */
export function pinsOf(lock: Lock | undefined): ReadonlyMap<string, Pin> {
  return new Map(Object.entries(lock?.packages ?? {}).filter(([, { pinnedFrom }]) => pinnedFrom !== ''))
}
