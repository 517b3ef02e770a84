import { mkdir } from 'node:fs/promises'
import { freshlyLocked } from '../engine/rebuild.ts'
import { planOf, type Resolved } from '../engine/resolve.ts'
import type { Settings } from '../engine/settings.ts'
import { type Digest, formatDigest, parseDigest } from '../model/digest.ts'
import { USUAL_SEED } from '../model/seed.ts'
import { temporaryName } from '../store/disk.ts'
import { openStore } from '../store/store.ts'
import { sweepLeftovers } from '../store/sweep.ts'
import { useStore } from '../store/users.ts'
import { bisect, type Evidence, type Finding } from './bisect.ts'
import { usualConditions } from './conditions.ts'
import { type Depth, rebuiltAt } from './depth.ts'
import { type Explanation, explain } from './explain.ts'
import { isDifferent, type Judgement, judgeImages, judgePackages } from './judge.ts'
import { keepTrees } from './keep.ts'
import { type Host, type Machine, probeMachine } from './machine.ts'
import { Places } from './places.ts'
import type { RoundReport, ThingReport, VerifyReport } from './report.ts'
import { chooseVariations, cluesBetween, planRound, planRounds } from './round-plan.ts'
import { type Round, Rounds, type VerifyEvent } from './rounds.ts'
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
  const store = await openStore(settings.home)
  const work = async (): Promise<VerifyReport> => {
    const folder = temporaryName(store.layout.tmp, 'verify')
    await mkdir(folder)
    const places = new Places(store)
    const rounds = new Rounds({ locked, settings, host, store, folder, places, onEvent: options.onEvent })
    try {
      const report = await verify({ locked, options, settings, host, places, rounds })
      return { ...report, wallMs: Math.round(performance.now() - started) }
    } finally {
      await rounds.discard()
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
}

async function verify(verification: Verification): Promise<VerifyReport> {
  const { locked, options, settings, host, places, rounds } = verification
  const { plan, lock } = locked
  const rebuilt = rebuiltAt(plan, options.depth)
  const series = await rounds.prepare(rebuilt, true, options.depth === 'seed')
  const machine = await probeMachine(host, [...settings.recipeFolders, settings.lockFolder])
  const { chosen, skipped } = chooseVariations(options.variations, machine, series.needed)
  const usual = usualConditions(settings.jobs, settings.sandbox)
  const made: Round[] = []
  const isOtherSeed = options.seed !== USUAL_SEED
  const planned = isOtherSeed ? [planRound(`from ${options.seed}`, [], usual)] : planRounds(chosen, machine, usual)
  for (const round of planned) made.push(await rounds.make(series, round, machine))

  const outputs = Object.entries(lock.packages).map(([name, { output }]) => [name, lockedDigest(output)] as const)
  const files = Object.entries(lock.images).map(([file, { digest }]) => [file, lockedDigest(digest)] as const)
  const packages = judgePackages(
    plan,
    new Set(rebuilt),
    Object.fromEntries(outputs),
    made.map(({ result }) => result.rebuilt.outputs),
  )
  const written = Object.keys(made[0]?.result.rebuilt.images ?? {})
  const images = judgeImages(
    written,
    packages,
    plan.contents,
    Object.fromEntries(files),
    made.map(({ result }) => result.rebuilt.images),
  )

  const findings = await searchGuilty(verification, packages, made, machine)
  const packageReports: ThingReport[] = []
  for (const judgement of packages) {
    const finding = findings.get(judgement.name)
    const evidence = [...(finding?.evidence ?? []), ...evidenceOf(judgement, made)]
    if (evidence.length > 0) options.onEvent({ type: 'comparing', name: judgement.name })
    const explanation = await explain(evidence, (digest) => places.treeSide(digest), settings.signal)
    const version = plan.nodes.get(judgement.name)?.recipe.version ?? ''
    packageReports.push({ ...thingOf(judgement), version, guilty: finding?.guilty ?? [], ...explanation })
  }
  const imageReports: ThingReport[] = []
  for (const judgement of images) {
    const evidence = evidenceOf(judgement, made)
    const explanation = await explain(evidence, (digest) => places.imageSide(digest, judgement.name), settings.signal)
    imageReports.push({ ...thingOf(judgement), version: '', guilty: [], ...explanation })
  }
  const all = [...packages, ...images]
  if (options.keep !== '') await keepTrees(packages, made, options.keep, places)
  return {
    profile: plan.profile.name,
    depth: options.depth,
    seed: options.seed,
    verdict: all.some(isDifferent) ? 'different' : 'same',
    rounds: made.map(roundReport),
    skipped,
    packages: packageReports,
    images: imageReports,
    kept: all.some(isDifferent) ? options.keep : '',
    wallMs: 0,
  }
}

/** Makes rounds with one variation each, where that was asked for or takes three minutes at most. */
async function searchGuilty(
  { options, settings, rounds, places }: Verification,
  packages: readonly Judgement[],
  made: readonly Round[],
  machine: Machine,
): Promise<ReadonlyMap<string, Finding>> {
  const suspects = packages.filter(({ verdict }) => verdict === 'different')
  if (suspects.length === 0 || options.seed !== USUAL_SEED) return new Map()
  const names = suspects.map(({ name }) => name)
  const singles = 1 + (made[0]?.plan.varied.length ?? 0)
  const round = ROUND_MS + names.reduce((sum, name) => sum + (made[0]?.result.stepMs.get(name) ?? 0), 0)
  if (options.bisect === 'when quick' && singles * round > QUICK_MS) return new Map()
  const series = await rounds.prepare(names, false, false)
  const usual = usualConditions(settings.jobs, settings.sandbox)
  return bisect(suspects, { full: made, series, rounds, places, machine, usual })
}

/** The comparisons that full rounds ask for: each result that is not the expected one, once. */
function evidenceOf({ verdict, locked, expected, rebuilt }: Judgement, made: readonly Round[]): Evidence[] {
  if (verdict !== 'different' || expected === '') return []
  const first = locked === '' ? made[0]?.plan : undefined
  return rebuilt.flatMap((after, index) => {
    const plan = made[index]?.plan
    if (after === '' || after === expected || plan === undefined || rebuilt.indexOf(after) < index) return []
    return [{ before: expected, after, clues: cluesBetween(first, plan), varied: plan.varied }]
  })
}

function thingOf({
  name,
  verdict,
  follows,
  locked,
  rebuilt,
}: Judgement): Omit<ThingReport, 'version' | 'guilty' | keyof Explanation> {
  return { name, verdict, follows, locked: shownDigest(locked), rebuilt: rebuilt.map(shownDigest) }
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
