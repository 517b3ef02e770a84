import type { Cause, Difference } from '../model/difference.ts'
import type { Depth } from './depth.ts'

/** What verifying one profile found. */
export interface VerifyReport {
  readonly profile: string
  readonly depth: Depth
  /** Name of the toolchain that compiled the first program. */
  readonly seed: string
  readonly verdict: 'same' | 'different'
  readonly rounds: readonly RoundReport[]
  /** Variations that this machine cannot do, and those that were not asked for. */
  readonly skipped: readonly { readonly variation: string; readonly why: string }[]
  /** In the order in which they are built. */
  readonly packages: readonly ThingReport[]
  readonly images: readonly ThingReport[]
  /** The image that was handed over; null for none. */
  readonly handed: HandedReport | null
  /** Folder with the trees of both sides of everything that differs; '' where none was asked for. */
  readonly kept: string
  /** Milliseconds. */
  readonly wallMs: number
}

/** One rebuild. */
export interface RoundReport {
  readonly name: string
  readonly conditions: readonly { readonly variation: string; readonly value: string }[]
  readonly wallMs: number
}

/** A package or an image file, and what became of it. */
export interface ThingReport {
  readonly name: string
  readonly version: string
  /**
   * The same in all rounds and as locked, or without a lock the same in all rounds (`agrees`); different by itself, or
   * only because something that it is made of is; made by another first compiler, so that other bits are right; or not
   * built again at this depth.
   */
  readonly verdict: 'same' | 'agrees' | 'different' | 'follows' | 'not compared' | 'not rebuilt'
  /** What it follows from. */
  readonly follows: readonly string[]
  /** `sha256:…`; '' where the lock has none. */
  readonly locked: string
  /** `sha256:…` of each round, in the order of the rounds. */
  readonly rebuilt: readonly string[]
  /** Variations that make it differ when nothing else is varied; `nothing` where it differs without any. */
  readonly guilty: readonly string[]
  /** Without those that follow from others of the same file. */
  readonly causes: readonly CauseReport[]
  readonly differences: readonly Difference[]
  /** Why there are no differences to see, or ''. */
  readonly note: string
}

/** An image that somebody handed over, compared with the profile's own of the same kind. */
export interface HandedReport {
  readonly path: string
  /** Name of the image that it is compared with. */
  readonly image: string
  /** `sha256:…` of what was handed over. */
  readonly digest: string
  readonly verdict: 'same' | 'different'
  readonly differences: readonly Difference[]
}

/** One cause, and the files in which it shows. */
export interface CauseReport extends Cause {
  readonly files: readonly string[]
}
