import { compareBytes } from './compare.ts'
import { MrrlError } from './errors.ts'

/** A value with one canonical text. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * JSON with sorted keys and no white space: equal values, equal bytes.
 * Throws `E_INTERNAL` for numbers that are not safe integers and for undefined, which JSON would drop or change.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new MrrlError('E_INTERNAL', `not an exact number: ${value}`)
    return String(value)
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object') throw new MrrlError('E_INTERNAL', `no JSON for a ${typeof value}`)
  const fields = Object.entries(value as { readonly [key: string]: Json })
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
