import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BuildEvent } from '../engine/events.ts'
import { type Basis, prepareBasis } from '../engine/rebuild.ts'
import type { Resolved } from '../engine/resolve.ts'
import type { Settings } from '../engine/settings.ts'
import type { Digest } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import { downloadsOf } from '../plan/seed.ts'
import { removeFolder } from '../store/checkouts.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import type { Host, Machine } from './machine.ts'
import type { Places } from './places.ts'
import { type RoundResult, type RoundSetup, runRound } from './round.ts'
import type { RoundPlan } from './round-plan.ts'
import { fetchAnew, makeStart } from './start.ts'

/** What a verification tells while it runs. */
export type VerifyEvent =
  | BuildEvent
  | {
      readonly type: 'round'
      readonly name: string
      readonly conditions: readonly string[]
      /** True for a round that only looks for what is guilty. */
      readonly isSearch: boolean
    }
  | { readonly type: 'comparing'; readonly name: string }

/** What rounds of one profile share. */
export interface RoundsOptions {
  readonly locked: Resolved
  readonly settings: Settings
  readonly host: Host
  /** The user's store. */
  readonly store: Store
  /** An empty folder beside it. */
  readonly folder: string
  readonly places: Places
  readonly onEvent: (event: VerifyEvent) => void
}

/** Some packages that are built again and again, from the same beginning. */
export interface RoundSeries {
  readonly packages: readonly string[]
  readonly withImages: boolean
  /** Size of a store that holds a round, in bytes. */
  readonly needed: number
  /** What need not be handed over by a round. */
  readonly known: readonly Digest[]
  readonly start: string
}

/** One round, made. */
export interface Round {
  readonly plan: RoundPlan
  readonly result: RoundResult
}

/** Times are written to the second, in some formats to two: rounds that are nearer could agree by accident. */
const BETWEEN_ROUNDS_MS = 2100

/** A build folder is about this many times as large as the archives that it comes from. */
const GROWTH = 16
const LEAST_BYTES = 64e6

/** Makes rounds: each with a store of its own, which it leaves with what it gave until all are discarded. */
export class Rounds {
  readonly #options: RoundsOptions
  readonly #made: RoundResult[] = []
  #series = 0
  /** When the last round began, or this verification: what is locked was made before. */
  #lastStart: number = performance.now()

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /**
   * Brings together what rounds of these packages start from: with `isFromSeed` nothing but archives, and the seed
   * fetched once more.
   */
  async prepare(packages: readonly string[], withImages: boolean, isFromSeed: boolean): Promise<RoundSeries> {
    const { locked, store, settings, folder } = this.#options
    const wanted = withImages ? [...locked.plan.nodes.keys()] : packages
    const options = { wanted, rebuilt: packages, isFromArchives: isFromSeed }
    const basis: Basis = await prepareBasis(locked, options, store, settings)
    const start = join(folder, `start-${++this.#series}`)
    const bytes = await makeStart(start, basis, store)
    const { plan } = locked
    const downloads = downloadsOf(plan)
    if (isFromSeed) await fetchAnew(downloads, start, settings.fetch, settings.signal)
    const recipes = packages.flatMap((name) => plan.nodes.get(name)?.recipe ?? [])
    const archives = bytesOf(recipes.flatMap((recipe) => recipe.sources))
    return {
      packages,
      withImages,
      needed: bytes + GROWTH * (archives + (isFromSeed ? bytesOf(downloads) : 0)) + LEAST_BYTES,
      known: await this.#known(packages),
      start,
    }
  }

  /** Makes a round. Throws what it failed with, and says under which conditions. */
  async make(series: RoundSeries, plan: RoundPlan, machine: Machine): Promise<Round> {
    const { locked, settings, host, folder, places, onEvent } = this.#options
    const shown = plan.varied.map(({ variation, value }) => `${variation.name}: ${value.shown}`)
    const isSearch = !series.withImages
    onEvent({ type: 'round', name: plan.name, conditions: shown, isSearch })
    // What depends on time is known before single variations are tried.
    const due = isSearch && plan.varied.length > 0 ? 0 : this.#lastStart + BETWEEN_ROUNDS_MS
    const wait = Math.max(0, due - performance.now())
    await pause(wait, undefined, { signal: settings.signal }).catch(() => undefined)
    if (settings.signal.aborted) throw new MrrlError('E_INTERRUPTED', 'the verification was interrupted')
    this.#lastStart = performance.now()
    const setup: RoundSetup = {
      profile: locked.plan.profile.name,
      seed: locked.plan.seed.name,
      settings,
      host,
      machine,
      beside: folder,
      start: series.start,
      memory: Math.max(series.needed, Math.floor(machine.memory / 2)),
      known: series.known,
      onEvent,
    }
    try {
      const result = await runRound(setup, plan.conditions, series.packages, series.withImages)
      this.#made.push(result)
      places.add(result.results)
      return { plan, result }
    } catch (error) {
      throw withConditions(error, shown)
    }
  }

  /** Removes everything that the rounds made. */
  async discard(): Promise<void> {
    for (const result of this.#made) await result.discard()
    await removeFolder(this.#options.folder)
  }

  async #known(packages: readonly string[]): Promise<Digest[]> {
    const { locked, places } = this.#options
    const outputs = packages.map((name) => locked.lock.packages[name]?.output ?? '')
    const images = Object.values(locked.lock.images).map(({ digest }) => digest)
    const known: Digest[] = []
    for (const output of outputs) {
      if (output !== '' && (await places.ofTree(output as Digest)) !== undefined) known.push(output as Digest)
    }
    for (const image of images) {
      if (image !== '' && (await places.ofBlob(image as Digest)) !== undefined) known.push(image as Digest)
    }
    return known
  }
}

function bytesOf(sources: readonly Source[]): number {
  return sources.reduce((sum, { size }) => sum + size, 0)
}

function withConditions(error: unknown, conditions: readonly string[]): unknown {
  if (!(error instanceof MrrlError) || error.exit !== 6) return error
  // The log and the work folder that the usual advice speaks of went with the round.
  const { log: _log, ...fields } = error.fields
  return new MrrlError(error.code, `${error.message}, under conditions that must not matter`, {
    fields: { ...fields, conditions },
    hint: 'Find out which of them matters with: mrrl verify <profile> --vary <name>',
    cause: error,
  })
}
