import { isInRange } from '../util/version.ts'

/** A version as the field writes them: one to six numbers, perhaps one letter (`1.1.1w`), perhaps a pre-release. */
export interface Version {
  readonly text: string
  readonly numbers: readonly number[]
  readonly letter: string
  /** Parts of what marks a pre-release; none for a release. */
  readonly pre: readonly string[]
}

const LONGEST = 64
const SHAPE =
  /^(\d{1,9}(?:\.\d{1,9}){0,5})(?:([a-z])|[._~-]?((?:alpha|beta|rc|pre|dev|next|test|canary|nightly|a|b|c)[0-9A-Za-z.-]{0,40})|-([0-9A-Za-z.-]{1,40}))?$/

/** Reads a version; undefined for any other text. */
export function parseVersion(text: string): Version | undefined {
  const found = text.length <= LONGEST ? SHAPE.exec(text) : null
  if (found === null) return undefined
  const [, numbers = '', letter = '', word = '', rest = ''] = found
  const pre = `${word}${rest}`.match(/[0-9]{1,9}|[A-Za-z]+/g) ?? []
  return { text, numbers: numbers.split('.').map(Number), letter, pre }
}

/** Order of age: numbers first (a missing one is 0), then the letter; a pre-release comes before its release. */
export function compareVersions(a: Version, b: Version): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  if (a.letter !== b.letter) return a.letter < b.letter ? -1 : 1
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length
  return comparePre(a.pre, b.pre)
}

/** The newest version that lies in a range, pre-releases only where they are wanted. */
export function newestOf(texts: Iterable<string>, range: string, wantsPre: boolean): Version | undefined {
  let newest: Version | undefined
  for (const text of texts) {
    const version = parseVersion(text)
    if (version === undefined || (version.pre.length > 0 && !wantsPre) || !isInRange(text, range)) continue
    if (newest === undefined || compareVersions(version, newest) > 0) newest = version
  }
  return newest
}

/** Numbers come before words, and compare by value. */
function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]]
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1
    if (left === right) continue
    const numbers = [Number(left), Number(right)] as const
    if (!numbers.some(Number.isNaN)) {
      if (numbers[0] !== numbers[1]) return numbers[0] - numbers[1]
    } else if (Number.isNaN(numbers[0]) !== Number.isNaN(numbers[1])) return Number.isNaN(numbers[0]) ? 1 : -1
    else return left < right ? -1 : 1
  }
  return 0
}
