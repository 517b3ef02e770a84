import type { Source } from './recipe.ts'

/** Name of the toolchain that compiles the first program in every build; only `mrrl verify` takes another. */
export const USUAL_SEED = 'crosstool-ng'

/** File beside a recipe in which `configure` finds the answers that the usual seed gives. With another it must ask. */
export const SEED_ANSWERS = 'seed.site'

/** The compiler of the first program, and where a step sees it. */
export interface Seed {
  /** Of its toolchain. */
  readonly name: string
  /** Its programs are `/seed/bin/<triple>-gcc` … */
  readonly triple: string
  /** Put over each other, one folder. */
  readonly sources: readonly Source[]
  /** Put over those in bootstrap steps; with none, these steps see the host's programs. */
  readonly utilities: readonly Source[]
  /** Symbolic links that join the sources: path to target. */
  readonly links: Readonly<Record<string, string>>
  /** Place in a sealed step to the part of the folder that is there; '' is all of it. */
  readonly places: Readonly<Record<string, string>>
  /** The same in a bootstrap step. */
  readonly bootstrapPlaces: Readonly<Record<string, string>>
}
