import type { Arch } from './profile.ts'
import type { Source } from './recipe.ts'

/**
 * The compiler that makes target packages. Both kinds appear to a build in the same way: programs
 * `$TARGET-gcc` … in `/cross/bin`, headers and libraries in `/sysroot`.
 */
export type Toolchain = PrebuiltToolchain | SourceToolchain

/** Taken as it was downloaded. */
export interface PrebuiltToolchain {
  readonly kind: 'prebuilt'
  readonly name: string
  /** GCC's version. */
  readonly gcc: string
  readonly license: string
  readonly homepage: string
  readonly targets: Readonly<Partial<Record<Arch, PrebuiltTarget>>>
  /** Packages of a profile that this toolchain brings: name to the recipe that takes them from it. */
  readonly replaces: Readonly<Record<string, string>>
}

/** The download for one target. It runs on x86_64. */
export interface PrebuiltTarget {
  readonly triple: string
  readonly source: Source
  /** Folder in the unpacked download with `usr/include` and the C library. */
  readonly sysroot: string
}

/** Compiled by the seed from locked source. */
export interface SourceToolchain {
  readonly kind: 'source'
  readonly name: string
  readonly gcc: string
  /** Target triple by machine. */
  readonly triples: Readonly<Partial<Record<Arch, string>>>
  /** Recipes of role `cross` that together are `/cross`. */
  readonly packages: readonly string[]
  /** Recipes of role `target` that are in `/sysroot` for every package but themselves. */
  readonly sysroot: readonly string[]
}
