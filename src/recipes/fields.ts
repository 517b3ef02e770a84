import { MrrlError } from '../util/errors.ts'

/** What is wrong with one value: the path of the field in the file, and the rule it breaks. */
export function invalidField(file: string, field: string, rule: string): MrrlError {
  return new MrrlError('E_RECIPE_INVALID', `${file}: ${field} ${rule}`, { fields: { file, field } })
}

/** Reads the fields of one object of a recipe, profile or lock, and refuses those it does not know. */
export class FieldReader {
  readonly file: string
  readonly at: string
  readonly #value: Readonly<Record<string, unknown>>
  readonly #invalid: typeof invalidField
  readonly #read = new Set<string>()

  /**
   * Throws when `value` is not an object. `at` is '' for the top of the file; `invalid` makes the errors, with code
   * `E_RECIPE_INVALID` unless a caller has its own.
   */
  constructor(file: string, at: string, value: unknown, invalid: typeof invalidField = invalidField) {
    this.file = file
    this.at = at
    this.#invalid = invalid
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#wrong('', 'must be an object')
    this.#value = value as Readonly<Record<string, unknown>>
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined
  }

  string(name: string, pattern: RegExp, rule: string, fallback?: string): string {
    const value = this.#take(name) ?? fallback
    if (typeof value !== 'string' || !pattern.test(value)) throw this.#wrong(name, `must be ${rule}`)
    return value
  }

  /** A whole number in a range, both ends included. */
  integer(name: string, [min, max]: readonly [number, number], fallback?: number): number {
    const value = this.#take(name) ?? fallback
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw this.#wrong(name, `must be a whole number from ${min} to ${max}`)
    }
    return value
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#take(name) ?? fallback
    if (typeof value !== 'boolean') throw this.#wrong(name, 'must be true or false')
    return value
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback?: T): T {
    const value = this.#take(name) ?? fallback
    if (!values.includes(value as T)) throw this.#wrong(name, `must be one of ${values.join(', ')}`)
    return value as T
  }

  strings(name: string, pattern: RegExp, rule: string, fallback?: readonly string[]): readonly string[] {
    const value = this.#take(name) ?? fallback
    if (!Array.isArray(value)) throw this.#wrong(name, 'must be a list')
    value.forEach((item, index) => {
      if (typeof item !== 'string' || !pattern.test(item)) throw this.#wrong(`${name}[${index}]`, `must be ${rule}`)
    })
    return value
  }

  someOf<T extends string>(name: string, values: readonly T[], fallback?: readonly T[]): readonly T[] {
    const chosen = this.strings(name, /^/, 'text', fallback)
    chosen.forEach((item, index) => {
      if (!values.includes(item as T)) throw this.#wrong(`${name}[${index}]`, `must be one of ${values.join(', ')}`)
    })
    return chosen as readonly T[]
  }

  /** A reader per object of a list. */
  objects(name: string): readonly FieldReader[] {
    const value = this.#take(name) ?? []
    if (!Array.isArray(value)) throw this.#wrong(name, 'must be a list')
    return value.map((item, index) => new FieldReader(this.file, this.#path(`${name}[${index}]`), item, this.#invalid))
  }

  /** A reader for one object; an absent one is empty. */
  object(name: string): FieldReader {
    return new FieldReader(this.file, this.#path(name), this.#take(name) ?? {}, this.#invalid)
  }

  /** The names in this object, for objects whose keys are data. */
  keys(): readonly string[] {
    return Object.keys(this.#value)
  }

  /** The value itself, for what no other method reads. */
  raw(name: string): unknown {
    return this.#take(name)
  }

  /** Throws for every field that was not read: a typing error must not pass in silence. */
  finish(): void {
    const unknown = Object.keys(this.#value).find((name) => !this.#read.has(name))
    if (unknown !== undefined) throw this.#wrong(unknown, 'is not a known field')
  }

  fail(name: string, rule: string): MrrlError {
    return this.#wrong(name, rule)
  }

  #take(name: string): unknown {
    this.#read.add(name)
    return this.#value[name]
  }

  #path(name: string): string {
    return this.at === '' ? name : `${this.at}.${name}`
  }

  #wrong(name: string, rule: string): MrrlError {
    return this.#invalid(this.file, name === '' ? this.at || 'the default export' : this.#path(name), rule)
  }
}
