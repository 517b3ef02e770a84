import { ADVICE } from '../compare/cause.ts'
import type { Cause, Difference } from '../model/difference.ts'
import type { Varied } from './round-plan.ts'

/** The cause of a difference between two results of which one was made with one thing varied: there is no doubt. */
export function provenCause({ cause, follows }: Difference, { variation, value }: Varied): Cause {
  if (variation.cause === '' || follows) return cause
  const because = `it differs when nothing but ${variation.name} is varied: ${value.shown}`
  return { name: variation.cause, because, advice: ADVICE[variation.cause] }
}

/** The cause of a difference that is there when nothing is varied: time, or chance. */
export function unvariedCause({ cause, follows }: Difference): Cause {
  if (cause.name !== 'unknown' || follows) return cause
  const because = 'it differs though nothing is varied, and shows no date'
  return { name: 'randomness', because, advice: ADVICE.randomness }
}
