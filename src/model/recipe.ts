import type { UpdateRules } from './update.ts'

/** Parts that the files of one package are split into. */
export const OUTPUT_NAMES = ['runtime', 'dev', 'static', 'doc', 'locale', 'debug'] as const
export type OutputName = (typeof OUTPUT_NAMES)[number]

/**
 * Where a package runs and which compiler makes it.
 * - `bootstrap`: a build tool made by the seed and the host's shell; the only role that sees the host.
 * - `tool`: a build tool made by the seed in the sealed sandbox, installed under `/tools/<name>`.
 * - `cross`: part of the cross toolchain, made by the seed, installed under `/cross`.
 * - `target`: made by the cross toolchain for the image, installed under `/`.
 */
export const ROLES = ['bootstrap', 'tool', 'cross', 'target'] as const
export type Role = (typeof ROLES)[number]

/** One archive or file that a build starts from. */
export interface Source {
  /** Where its content appears below `/src`; '' is `/src` itself. */
  readonly at: string
  /** Locations in order of preference: `https://…`, `file:…`, `npm:<package>@<version>`, `debian:<pool path>`. */
  readonly from: readonly string[]
  /** Subresource integrity (`sha256-…` or `sha512-…`) that the recipe's author knows from upstream. */
  readonly integrity: string
  /** Size in bytes; where it is not known, the most it may be. */
  readonly size: number
  /** Archive members inside the archive to unpack instead of the archive itself, e.g. the tarball in an npm package. */
  readonly inner: readonly string[]
  /** Leading path segments to drop from every entry. */
  readonly strip: number
  /** Globs of paths (after strip) to keep; empty keeps all. */
  readonly include: readonly string[]
  /** Globs of paths (after strip) to leave out. */
  readonly exclude: readonly string[]
}

/** What a package must have at hand. */
export interface Needs {
  /** Tools that run while it is built. */
  readonly build: readonly string[]
  /** Target packages whose headers and libraries make up `/sysroot`. */
  readonly target: readonly string[]
  /** Packages that must be in an image together with this one. */
  readonly runtime: readonly string[]
  /** Versions that are wanted of those above, as semver ranges by name. */
  readonly ranges: Readonly<Record<string, string>>
}

/** Shell scripts of one build, run in this order in one sandbox with `set -eu`. Values come as environment variables. */
export interface Steps {
  readonly configure: string
  readonly compile: string
  readonly install: string
}

/** One package: what it is, what it is built from, and how. */
export interface Recipe {
  readonly name: string
  readonly version: string
  /** Version that the recipe states; another than `version` where a lock pins that. No part of any key. */
  readonly ownVersion: string
  readonly summary: string
  /** SPDX licence expression of what is built. */
  readonly license: string
  readonly homepage: string
  readonly role: Role
  readonly sources: readonly Source[]
  readonly needs: Needs
  /** Files beside the recipe, given to the build read-only under `/files`. */
  readonly files: readonly string[]
  /** Patches beside the recipe, applied in order with `patch -p1` to a copy of the source. */
  readonly patches: readonly string[]
  /** Further environment of the build. */
  readonly env: Readonly<Record<string, string>>
  readonly build: Steps
  /** Globs per output, in this order; a file goes to the first that matches, else to the default of its kind. */
  readonly outputs: Readonly<Partial<Record<OutputName, readonly string[]>>>
  /** Globs of installed files to drop. */
  readonly remove: readonly string[]
  /** Longest run in seconds. */
  readonly timeout: number
  /** About how many seconds of one processor it takes: orders the first build, and is no part of any key. */
  readonly weight: number
  /** Where newer versions are looked for; no part of any key. */
  readonly update: UpdateRules
  /** Folder of the recipe, for its files. */
  readonly folder: string
}
