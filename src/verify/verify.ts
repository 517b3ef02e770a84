import { mkdir } from 'node:fs/promises'
import type { Side } from '../compare/side.ts'
import { freshlyLocked } from '../engine/rebuild.ts'
import { planOf, type Resolved } from '../engine/resolve.ts'
import type { Settings } from '../engine/settings.ts'
import { type Digest, formatDigest, parseDigest } from '../model/digest.ts'
import type { Lock } from '../model/lock.ts'
import { USUAL_SEED } from '../model/seed.ts'
import { temporaryName } from '../store/disk.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { bisect, type Evidence, type Finding } from './bisect.ts'
import { usualConditions } from './conditions.ts'
import { type Depth, rebuiltAt } from './depth.ts'
import { explain } from './explain.ts'
import { type HandedImage, judgeHanded, openHanded } from './handed.ts'
import { type Digests, isDifferent, type Judgement, judgeImages, judgePackages } from './judge.ts'
import { keepTrees } from './keep.ts'
import { type Host, type Machine, probeMachine } from './machine.ts'
import { Places } from './places.ts'
import type { RoundReport, ThingReport, VerifyReport } from './report.ts'
import { chooseVariations, cluesBetween, planRound, planRounds } from './round-plan.ts'
import { type Round, Rounds, type VerifyEvent } from './rounds.ts'
import { sweepTemporary } from './sweep-temporary.ts'
import type { Variation } from './variations.ts'

/** What to verify, and how thoroughly. */
export interface VerifyOptions {
  readonly depth: Depth
  /**
   * Name of the toolchain that compiles the first program. With another than the usual one there is one round, with no
   * variation, and what that compiler itself makes is not compared.
   */
  readonly seed: string
  readonly variations: readonly Variation[]
  /** Whether to find the variation that is guilty: always, or only where that takes three minutes at most. */
  readonly bisect: 'always' | 'when quick'
  /** Path of an image to compare with the profile's; '' for none. */
  readonly image: string
  /** Folder for the trees of what differs; '' for none. */
  readonly keep: string
  readonly onEvent: (event: VerifyEvent) => void
}

/** Longest time that a search nobody asked for may take. */
const QUICK_MS = 180_000
/** What starting and ending a round takes. */
const ROUND_MS = 2000

/**
 * Builds a profile twice under conditions that must not matter, and compares what comes out with the lock; where the
 * lock records nothing, one rebuild with the other. Throws what ends a build too (`E_LOCK_STALE`, `E_BUILD_FAILED` …),
 * but not for a difference: the report says what differs, and why.
 */
export async function verifyProfile(
  profile: string,
  options: VerifyOptions,
  settings: Settings,
  host: Host,
): Promise<VerifyReport> {
  const started = performance.now()
  const { plan, lock } = await freshlyLocked(profile, settings)
  const locked = { lock, plan: options.seed === USUAL_SEED ? plan : await planOf(profile, settings, options.seed) }
  const image = options.image === '' ? undefined : await openHanded(options.image, settings.signal)
  const store = await openStore(settings.home)
  const work = async (): Promise<VerifyReport> => {
    const folder = temporaryName(store.layout.tmp, 'verify')
    await mkdir(folder)
    const places = new Places(store)
    const rounds = new Rounds({ locked, settings, host, store, folder, places, onEvent: options.onEvent })
    try {
      await sweepTemporary(host.temporary)
      const report = await verify({ locked, options, settings, host, places, rounds, image })
      return { ...report, wallMs: Math.round(performance.now() - started) }
    } finally {
      await rounds.discard()
      await image?.close()
    }
  }
  return useStore(store.layout, work, sweepLeftovers)
}

/** One verification and all that it works with. */
interface Verification {
  readonly locked: Resolved
  readonly options: VerifyOptions
  readonly settings: Settings
  readonly host: Host
  readonly places: Places
  readonly rounds: Rounds
  readonly image: HandedImage | undefined
}

async function verify(verification: Verification): Promise<Omit<VerifyReport, 'wallMs'>> {
  const { locked, options, settings, host, places, rounds, image } = verification
  const { plan, lock } = locked
  const rebuilt = rebuiltAt(plan, options.depth)
  const series = await rounds.prepare(rebuilt, true, options.depth === 'seed')
  const machine = await probeMachine(host, [...settings.recipeFolders, settings.lockFolder])
  const { chosen, skipped } = chooseVariations(options.variations, machine, series.needed)
  const usual = usualConditions(settings.jobs, settings.sandbox)
  const isOtherSeed = options.seed !== USUAL_SEED
  const planned = isOtherSeed ? [planRound(`from ${options.seed}`, [], usual)] : planRounds(chosen, machine, usual)
  const made: Round[] = []
  for (const round of planned) made.push(await rounds.make(series, round, machine))

  const outputs = made.map(({ result }) => result.rebuilt.outputs)
  const packages = judgePackages(plan, new Set(rebuilt), lockedOutputs(lock), outputs)
  const files = made.map(({ result }) => result.rebuilt.images)
  const images = judgeImages(packages, plan.contents, lockedImages(lock), files)
  const findings = await searchGuilty(verification, packages, made, machine)
  if (options.keep !== '') await keepTrees(packages, made, options.keep, places)
  const handed = image === undefined ? null : await judgeHanded(image, images, places, settings.signal)
  const isSame = ![...packages, ...images].some(isDifferent)
  return {
    profile: plan.profile.name,
    depth: options.depth,
    seed: options.seed,
    verdict: isSame && handed?.verdict !== 'different' ? 'same' : 'different',
    rounds: made.map(roundReport),
    skipped,
    packages: await explainAll(packages, findings, made, verification, (digest) => places.treeSide(digest)),
    images: await explainAll(images, new Map(), made, verification, (digest) => places.imageSide(digest)),
    handed,
    kept: isSame ? '' : options.keep,
  }
}

/**
 * Makes rounds with one variation each, where that was asked for or takes three minutes at most; else one without any
 * where there is nothing to compare with yet.
 */
async function searchGuilty(
  { options, settings, rounds, places }: Verification,
  packages: readonly Judgement[],
  made: readonly Round[],
  machine: Machine,
): Promise<ReadonlyMap<string, Finding>> {
  const suspects = packages.filter(({ verdict }) => verdict === 'different')
  if (suspects.length === 0 || options.seed !== USUAL_SEED) return new Map()
  const names = suspects.map(({ name }) => name)
  const usual = usualConditions(settings.jobs, settings.sandbox)
  const singles = 1 + (made[0]?.plan.varied.length ?? 0)
  const round = ROUND_MS + names.reduce((sum, name) => sum + (made[0]?.result.stepMs.get(name) ?? 0), 0)
  if (options.bisect === 'always' || singles * round <= QUICK_MS) {
    const series = await rounds.prepare(names, false, false)
    return bisect(suspects, { full: made, series, rounds, places, machine, usual })
  }
  const stores = await Promise.all(suspects.map(({ locked }) => locked !== '' && places.ofTree(locked)))
  if (stores.includes(undefined)) {
    await rounds.make(await rounds.prepare(names, false, false), planRound('nothing varied', [], usual), machine)
  }
  return new Map()
}

async function explainAll(
  things: readonly Judgement[],
  findings: ReadonlyMap<string, Finding>,
  made: readonly Round[],
  { locked, options, settings }: Verification,
  sideOf: (digest: Digest) => Promise<Side | undefined>,
): Promise<ThingReport[]> {
  const reports: ThingReport[] = []
  for (const thing of things) {
    const { name, verdict, follows } = thing
    const finding = findings.get(name)
    const evidence = [...(finding?.evidence ?? []), ...evidenceOf(thing, made)]
    if (evidence.length > 0) options.onEvent({ type: 'comparing', name })
    const explanation = await explain(evidence, sideOf, settings.signal)
    const version = locked.plan.nodes.get(name)?.recipe.version ?? ''
    const digests = { locked: shownDigest(thing.locked), rebuilt: thing.rebuilt.map(shownDigest) }
    reports.push({ name, version, verdict, follows, ...digests, guilty: finding?.guilty ?? [], ...explanation })
  }
  return reports
}

/**
 * The comparisons that full rounds ask for: each result that is not the expected one, once; then one result with the
 * other, in case what is expected is nowhere.
 */
function evidenceOf({ verdict, locked, expected, rebuilt }: Judgement, made: readonly Round[]): Evidence[] {
  const [first] = made
  if (verdict !== 'different' || expected === '' || first === undefined) return []
  const pair = (before: Digest, index: number, than: Round | undefined, isLastResort = false): Evidence[] => {
    const [after, plan] = [rebuilt[index], made[index]?.plan]
    if (after === undefined || after === '' || after === before || plan === undefined) return []
    return [{ before, after, clues: cluesBetween(than?.plan, plan), varied: plan.varied, isLastResort }]
  }
  if (locked === '') return pair(expected, 1, first)
  const fromLock = made.flatMap((_, index) =>
    rebuilt.indexOf(rebuilt[index] ?? '') < index ? [] : pair(locked, index, undefined),
  )
  const [one = ''] = rebuilt
  return [...fromLock, ...(one === '' ? [] : pair(one, 1, first, true))]
}

function lockedOutputs({ packages }: Lock): Digests {
  return Object.fromEntries(Object.entries(packages).map(([name, { output }]) => [name, lockedDigest(output)]))
}

function lockedImages({ images }: Lock): Digests {
  return Object.fromEntries(Object.entries(images).map(([file, { digest }]) => [file, lockedDigest(digest)]))
}

/** A digest as locks have it: '' for none. */
function lockedDigest(text: string): Digest | '' {
  return text === '' ? '' : parseDigest(text)
}

function shownDigest(digest: Digest | ''): string {
  return digest === '' ? '' : formatDigest(digest)
}

function roundReport({ plan, result }: Round): RoundReport {
  const conditions = plan.varied.map(({ variation, value }) => ({ variation: variation.name, value: value.shown }))
  return { name: plan.name, conditions, wallMs: result.wallMs }
}
