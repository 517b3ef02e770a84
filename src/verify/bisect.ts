import type { Clues } from '../model/difference.ts'
import type { Digest } from '../model/digest.ts'
import type { Conditions } from './conditions.ts'
import type { Judgement } from './judge.ts'
import type { Machine } from './machine.ts'
import type { Places } from './places.ts'
import { cluesBetween, planRound, type Varied } from './round-plan.ts'
import type { Round, RoundSeries, Rounds } from './rounds.ts'

/** Two results of one package that differ, and all that was not the same when they were made. */
export interface Evidence {
  readonly before: Digest
  readonly after: Digest
  readonly clues: Clues
  /** What was varied for `after` and not for `before`. */
  readonly varied: readonly Varied[]
  /** True for what is only of use where nothing else can be compared. */
  readonly isLastResort: boolean
}

/** What single rounds told about one package. */
export interface Finding {
  /** Names of variations that make it differ alone; `nothing` when it differs without any. */
  readonly guilty: readonly string[]
  readonly evidence: readonly Evidence[]
}

/** What `guilty` says of a package that differs though nothing is varied. */
export const NOTHING = 'nothing'

/**
 * Finds the variations that make packages differ: builds them with nothing varied, then with each value of the first
 * round in which they differ alone, then with those of the second for packages that nothing was found for.
 */
export async function bisect(
  suspects: readonly Judgement[],
  { full, series, rounds, places, machine, usual }: SearchOptions,
): Promise<ReadonlyMap<string, Finding>> {
  const search = new Search(suspects)
  const unvaried = planRound('nothing varied', [], usual)
  const plain = await rounds.make(series, unvaried, machine)
  const atHand = await Promise.all(suspects.map(async ({ locked }) => locked !== '' && (await places.ofTree(locked))))
  search.setReferences(plain, new Set(suspects.filter((_, index) => atHand[index]).map(({ name }) => name)))
  search.note(plain)
  if (atHand.some((store) => !store)) {
    search.note(await rounds.make(series, { ...unvaried, name: 'nothing varied, again' }, machine))
  }
  for (const [index, { plan }] of full.entries()) {
    const isOpen = (): boolean => search.open.some(({ expected, rebuilt }) => rebuilt[index] !== expected)
    for (const varied of plan.varied) {
      // The first round is gone through to its end, because a package may have several causes.
      if (!isOpen() && (index > 0 || search.isDone)) break
      const single = planRound(`only ${varied.variation.name}`, [varied], usual)
      if (JSON.stringify(single.conditions) === JSON.stringify(usual)) continue
      search.note(await rounds.make(series, single, machine))
    }
  }
  return search.findings
}

/** What a search needs. */
export interface SearchOptions {
  /** The rounds in which the suspects were found. */
  readonly full: readonly Round[]
  /** Of the suspects. */
  readonly series: RoundSeries
  readonly rounds: Rounds
  readonly places: Places
  readonly machine: Machine
  readonly usual: Conditions
}

class Search {
  readonly findings = new Map<string, Finding>()
  readonly #suspects: readonly Judgement[]
  readonly #reference = new Map<string, Digest>()

  constructor(suspects: readonly Judgement[]) {
    this.#suspects = suspects
  }

  /** Suspects for which nothing has been found yet. */
  get open(): readonly Judgement[] {
    return this.#suspects.filter(({ name }) => !this.findings.has(name))
  }

  /** True when single rounds can say no more: everything differs with nothing varied. */
  get isDone(): boolean {
    return this.#suspects.every(({ name }) => this.findings.get(name)?.guilty.includes(NOTHING))
  }

  /** What rounds are compared with: what is locked where the bits are at hand, else what came out unvaried. */
  setReferences({ result }: Round, atHand: ReadonlySet<string>): void {
    for (const { name, locked } of this.#suspects) {
      const reference = atHand.has(name) ? locked : result.rebuilt.outputs[name]
      if (reference !== undefined && reference !== '') this.#reference.set(name, reference)
    }
  }

  /** Takes in what a round gave. What differs with nothing varied differs in every round, which says no more. */
  note({ plan, result }: Round): void {
    const guilty = plan.varied[0]?.variation.name ?? NOTHING
    for (const { name } of this.#suspects) {
      const before = this.#reference.get(name)
      const after = result.rebuilt.outputs[name]
      const known = this.findings.get(name)
      if (before === undefined || after === undefined || before === after || known?.guilty.includes(NOTHING)) continue
      const evidence: Evidence = {
        before,
        after,
        clues: cluesBetween(undefined, plan),
        varied: plan.varied,
        isLastResort: false,
      }
      this.findings.set(name, {
        guilty: [...new Set([...(known?.guilty ?? []), guilty])],
        evidence: [...(known?.evidence ?? []), evidence],
      })
    }
  }
}
