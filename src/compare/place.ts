import { setImmediate } from 'node:timers/promises'
import { type ArchiveLimits, IMAGE_LIMITS } from '../archive/limits.ts'
import { interrupted } from '../formats/file-error.ts'
import type { Difference } from '../model/difference.ts'
import type { Source } from './source.ts'

/** A difference whose cause is still to be sought. */
export type Found = Omit<Difference, 'cause'>
/** The same of a file whose path is known. */
export type Detail = Omit<Found, 'path'>

/** Most differences that are listed of one file, below its own level of a tree. */
export const MOST_PER_FILE = 10_000
/** Archives in archives and layers of compression that are looked into. */
const MOST_LEVELS = 8
/** Bytes of files of each side that are in memory for an outermost tree, and of one of them; half at each level in it. */
const HELD_BYTES = 2 ** 27
const TURN_STEPS = 64

/** What is inside of another file was made by someone who may mean harm: far less than an image may hold. */
const INNER_LIMITS: ArchiveLimits = { ...IMAGE_LIMITS, entries: 1_000_000, bytes: 2 ** 32 }

/** Compares the content of two files inside of another. */
export type Inside = (a: Source, b: Source, place: Place) => Promise<Found[]>

/** Where a comparison stands, and how it goes deeper. */
export class Place {
  /** Path of the file that is looked into; '' for the outermost. */
  readonly path: string
  readonly depth: number
  /** Files around this one that are in memory. */
  readonly holders: number
  /** Whether it is the outermost file, whose damage is an error and not a difference. */
  readonly isOutermost: boolean
  readonly run: Run
  readonly inside: Inside

  private constructor({ path, depth, holders, isOutermost, run, inside }: PlaceFields) {
    this.path = path
    this.depth = depth
    this.holders = holders
    this.isOutermost = isOutermost
    this.run = run
    this.inside = inside
  }

  static outermost(run: Run, inside: Inside): Place {
    return new Place({ path: '', depth: 0, holders: 0, isOutermost: true, run, inside })
  }

  get isTooDeep(): boolean {
    return this.depth >= MOST_LEVELS
  }

  /** Bytes of files that may be in memory for each side. */
  get held(): number {
    return HELD_BYTES / 2 ** Math.max(0, this.holders - 1)
  }

  get limits(): ArchiveLimits {
    return this.isOutermost ? IMAGE_LIMITS : INNER_LIMITS
  }

  /** What the file is called in errors, on each side. */
  get names(): readonly [string, string] {
    return this.isOutermost ? this.run.names : [this.path, this.path]
  }

  /** The path of what has a name in this file. */
  pathOf(name: string): string {
    return this.isOutermost ? name : `${this.path}!${name}`
  }

  /** A member of this file. */
  member(name: string): Place {
    const { depth, holders } = this
    return new Place({ ...this, path: this.pathOf(name), depth: depth + 1, holders: holders + 1, isOutermost: false })
  }

  /** The same file below a layer of compression. */
  unpacked(): Place {
    return new Place({ ...this, depth: this.depth + 1 })
  }
}

type PlaceFields = Pick<Place, 'path' | 'depth' | 'holders' | 'isOutermost' | 'run' | 'inside'>

/** One comparison under way. */
export class Run {
  /** What both sides are called in errors. */
  readonly names: readonly [string, string]
  readonly #signal: AbortSignal
  readonly #onProgress: (done: { readonly entries: number; readonly bytes: number }) => void
  #steps = 0
  #entries = 0
  #bytes = 0

  constructor(
    names: readonly [string, string],
    signal: AbortSignal,
    onProgress: (done: { readonly entries: number; readonly bytes: number }) => void,
  ) {
    this.names = names
    this.#signal = signal
    this.#onProgress = onProgress
  }

  /** One more entry or piece of `bytes`. Now and then lets signals and progress through; throws `E_INTERRUPTED`. */
  async step(entries: number, bytes: number): Promise<void> {
    this.#entries += entries
    this.#bytes += bytes
    if (++this.#steps % TURN_STEPS !== 0) return
    this.#onProgress({ entries: this.#entries, bytes: this.#bytes })
    await setImmediate()
    if (this.#signal.aborted) throw interrupted('comparing')
  }
}
