import type { Source } from '../model/recipe.ts'

/** A name with a version in it: what stands before it and after it. No regular expression, so nothing can backtrack. */
export interface NamePattern {
  readonly before: string
  readonly after: string
}

const PLACE = '{version}'

/** Reads `before{version}after`; undefined when the place of the version is missing or there twice. */
export function parsePattern(text: string): NamePattern | undefined {
  const [before, after, ...more] = text.split(PLACE)
  return before === undefined || after === undefined || more.length > 0 ? undefined : { before, after }
}

/** Patterns of the file names of sources, from the names that this version has. */
export function patternsOf(sources: readonly Source[], version: string): NamePattern[] {
  return fileNamesOf(sources).flatMap((name) => {
    const at = name.indexOf(version)
    return at < 0 ? [] : [{ before: name.slice(0, at), after: name.slice(at + version.length) }]
  })
}

/** Last segments of all locations that end in a file name. */
export function fileNamesOf(sources: readonly Source[]): string[] {
  const names = sources.flatMap(({ from }) => from.map(fileNameOf))
  return [...new Set(names.filter((name) => name !== ''))]
}

/** File name at the end of a location; '' for `npm:`. */
export function fileNameOf(location: string): string {
  if (location.startsWith('npm:')) return ''
  const [path = ''] = location.split(location.startsWith('debian:') ? '@' : /[?#]/, 1)
  const name = path.slice(path.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** What stands in the place of the version; undefined for a name that does not fit. */
export function versionIn(name: string, { before, after }: NamePattern): string | undefined {
  if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) return undefined
  return name.slice(before.length, name.length - after.length)
}
