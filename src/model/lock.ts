import type { Source } from './recipe.ts'

/** Layout of lock files; a file with another number is refused. */
export const LOCK_VERSION = 1

/** What one package was locked to. */
export interface LockedPackage {
  readonly version: string
  readonly license: string
  /** Digest of the recipe as resolved, with the files beside it. */
  readonly recipe: string
  readonly sources: readonly Source[]
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
