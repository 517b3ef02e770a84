import type { Clue, Clues } from '../model/difference.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'
import type { Conditions } from './conditions.ts'
import type { Machine } from './machine.ts'
import type { Value, Variation } from './variations.ts'
import { VARIATIONS } from './variations.ts'

/** One variation with the value that it has in a round. */
export interface Varied {
  readonly variation: Variation
  readonly value: Value
}

/** A round that is to be made. */
export interface RoundPlan {
  readonly name: string
  readonly varied: readonly Varied[]
  readonly conditions: Conditions
}

/** Variations that can be done, and those that cannot. */
export interface Choice {
  readonly chosen: readonly Variation[]
  readonly skipped: readonly { readonly variation: string; readonly why: string }[]
}

/** The variations that `all`, `none` or a list of names stands for. Throws `E_USAGE` for an unknown name. */
export function namedVariations(text: string): readonly Variation[] {
  if (text === 'all') return VARIATIONS
  if (text === 'none') return []
  const names = text.split(',').map((name) => name.trim())
  const known = VARIATIONS.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new MrrlError('E_USAGE', `--vary: there is no variation ${JSON.stringify(name)}`, {
      fields: { known: known.sort(compareBytes) },
      hint: near === undefined ? 'Use all, none, or names from the list above.' : `Did you mean ${near}?`,
    })
  }
  return VARIATIONS.filter(({ name }) => names.includes(name))
}

/** Splits what is wanted into what this machine can do and what it cannot. */
export function chooseVariations(wanted: readonly Variation[], machine: Machine, needed: number): Choice {
  const refusals = VARIATIONS.map((variation) => ({
    variation,
    why: wanted.includes(variation) ? variation.refusal(machine, needed) : 'not asked for',
  }))
  return {
    chosen: refusals.filter(({ why }) => why === '').map(({ variation }) => variation),
    skipped: refusals.filter(({ why }) => why !== '').map(({ variation, why }) => ({ variation: variation.name, why })),
  }
}

/** Two rounds that together hold both values of each variation. */
export function planRounds(chosen: readonly Variation[], machine: Machine, usual: Conditions): RoundPlan[] {
  return ([0, 1] as const).map((side) => {
    const varied = chosen.map((variation) => ({ variation, value: variation.values(machine)[side] }))
    return planRound(`round ${side + 1}`, varied, usual)
  })
}

/** One round with these values. */
export function planRound(name: string, varied: readonly Varied[], usual: Conditions): RoundPlan {
  const conditions = varied.reduce((sum, { value }) => value.apply(sum), usual)
  return { name, varied, conditions }
}

/** What was not the same when `after` was made as when `before` was; undefined stands for a usual build. */
export function cluesBetween(before: RoundPlan | undefined, after: RoundPlan): Clues {
  return after.varied.flatMap(({ variation, value }): Clue[] => {
    if (variation.cause === '') return []
    const other = before?.varied.find((one) => one.variation === variation)
    const found = other === undefined ? variation.usual : other.value.found
    return [{ name: variation.cause, before: found, after: value.found }]
  })
}
