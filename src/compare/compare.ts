import type { Clues, Difference } from '../model/difference.ts'
import { MrrlError } from '../util/errors.ts'
import type { Side } from './side.ts'

/** How two sides are compared. */
export interface CompareOptions {
  readonly clues: Clues
  readonly signal: AbortSignal
  /** Told now and then how far it has come. */
  readonly onProgress: (done: { readonly entries: number; readonly bytes: number }) => void
}

/** What holds where a caller has no wish. */
export const COMPARE_DEFAULTS: CompareOptions = {
  clues: [],
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/** Every difference between two sides, in the order of their paths. */
export async function compareSides(_a: Side, _b: Side, _options: CompareOptions): Promise<Difference[]> {
  throw new MrrlError('E_INTERNAL', 'comparing is not written yet')
}
