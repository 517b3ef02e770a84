import type { Source } from '../model/recipe.ts'
import type { UpdateRules, Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import type { ReadKey } from './signatures.ts'

/** A package as it is locked now, and how it may change. */
export interface Current {
  readonly name: string
  readonly version: string
  readonly sources: readonly Source[]
  /** Who vouched for this version; none when that is not on record. */
  readonly vouchers: readonly Voucher[]
  readonly rules: UpdateRules
  /** The sources of another version, in the same order; their integrity and size do not matter. */
  readonly sourcesOf: (version: string) => readonly Source[]
  readonly readKey: ReadKey
}

/** The error for a recipe whose rules do not fit it. */
export function cannotUpdate(name: string, why: string): MrrlError {
  return new MrrlError('E_RECIPE_INVALID', `${name} cannot be updated: ${why}`, { fields: { package: name } })
}
