import type { Arch } from './profile.ts'
import type { Source } from './recipe.ts'

/** What a file of `recipes/toolchains` states. */
export type Toolchain = CrossToolchain | SystemToolchain

/**
 * The compiler that makes target packages. Both kinds appear to a build in the same way: programs
 * `$TARGET-gcc` … in `/cross/bin`, headers and libraries in `/sysroot`.
 */
export type CrossToolchain = PrebuiltToolchain | SourceToolchain

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

/**
 * The compiler of a distribution, in a small system made of its packages. It compiles the first program only: `mrrl
 * verify --seed` shows with it that another first compiler gives the same images.
 */
export interface SystemToolchain {
  readonly kind: 'system'
  readonly name: string
  readonly gcc: string
  readonly license: string
  readonly homepage: string
  /** Of its programs, which run on x86_64. */
  readonly triple: string
  /** Compiler and C library: put over each other, they are a root folder with `usr/bin/<triple>-gcc`. */
  readonly sources: readonly Source[]
  /** Shell and utilities, put over those for the steps that otherwise take the host's. */
  readonly utilities: readonly Source[]
  /** Symbolic links that installing the packages would have made: path to target, both relative. */
  readonly links: Readonly<Record<string, string>>
}
