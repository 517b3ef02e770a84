import type { OutputName, Role } from '../model/recipe.ts'
import type { SignatureKind } from '../model/update.ts'

/** One source as written in a recipe; what is left out has the default named here. */
export interface SourceInput {
  /** Below `/src`; default: the first source is `/src` itself, later ones must say. */
  readonly at?: string
  readonly from: readonly string[]
  readonly integrity: string
  /** Bytes; where the exact size is not known, the most it may be. */
  readonly size: number
  /** Default: none, the archive itself is unpacked. */
  readonly inner?: string | readonly string[]
  /** Default 1: upstream tarballs hold one folder. */
  readonly strip?: number
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
}

/** Signatures that upstream publishes, and the keys that count. */
export interface SignatureInput {
  readonly kind: SignatureKind
  /** Appended to the file's URL: `.sig`; '' for a checksum file that is signed in itself. */
  readonly suffix: string
  /** Default `file`. */
  readonly signed?: 'file' | 'unpacked'
  /** Files beside the recipe. */
  readonly keys: readonly string[]
}

/** Where `mrrl lock --update` looks for newer versions, and who may vouch for them. */
export interface UpdateInput {
  /** Semver range of the versions to take. */
  readonly range: string
  /**
   * `npm:<package>`, `debian:<source package>[@<suite>]`, `https://…/` (a directory page), `github:<owner>/<repository>`,
   * `gitlab:<host>/<path>`, `kernel.org`.
   */
  readonly indexes: readonly string[]
  /** How a page or tag writes a version, e.g. `release-{version}`; default: as the sources' file names do. */
  readonly pattern?: string
  readonly signatures?: readonly SignatureInput[]
  /** Files of checksums; `{version}` in the URL stands for the version. */
  readonly checksums?: readonly { readonly url: string; readonly signatures?: readonly SignatureInput[] }[]
}

/** A recipe as its author writes it. `parseRecipe` checks it and fills in the defaults. */
export interface RecipeInput {
  readonly name: string
  readonly version: string
  readonly summary: string
  readonly license: string
  readonly homepage: string
  /** Default `target`. */
  readonly role?: Role
  readonly sources: (recipe: { readonly version: string }) => readonly SourceInput[]
  /** Package names, each with a semver range where the version matters: `make@>=4.4`. */
  readonly needs?: {
    readonly build?: readonly string[]
    readonly target?: readonly string[]
    readonly runtime?: readonly string[]
  }
  readonly files?: readonly string[]
  readonly patches?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly build?: { readonly configure?: string; readonly compile?: string; readonly install: string }
  readonly outputs?: Readonly<Partial<Record<OutputName, readonly string[]>>>
  readonly remove?: readonly string[]
  /** Seconds; default 3600. */
  readonly timeout?: number
  /** About how many seconds of one processor it takes; default 10. */
  readonly weight?: number
  /** Default: never updated. No part of any key. */
  readonly update?: UpdateInput
}

/** States a recipe; the types guide the author, the checks happen when it is loaded. */
export function defineRecipe(input: RecipeInput): RecipeInput {
  return input
}
