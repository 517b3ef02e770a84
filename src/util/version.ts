import semver from 'semver'

/** True for text that npm's semver reads as a range, such as `>=4.4` or `^1.37`. */
export function isRange(text: string): boolean {
  return semver.validRange(text) !== null
}

/**
 * True when a version lies in a range. Versions of this field often have two numbers or four (`2.44`, `1.2.3.4`);
 * they are compared by their first three.
 */
export function isInRange(version: string, range: string): boolean {
  const coerced = semver.coerce(version)
  return coerced !== null && semver.satisfies(coerced, range)
}
