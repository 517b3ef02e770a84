import type { Lock } from '../model/lock.ts'
import type { Source } from '../model/recipe.ts'
import { compareBytes } from '../util/compare.ts'
import type { FetchSource } from './candidates.ts'
import { fileNames } from './locations.ts'

/** What a file is needed for. */
export interface SourceUse {
  readonly profile: string
  /** Name of the package, or of the downloaded toolchain. */
  readonly package: string
  /** '' for a toolchain, as is the licence: a lock does not state them. */
  readonly version: string
  readonly license: string
}

/** One file that locks name, with all that need it. */
export interface LockedSource extends FetchSource {
  /** File names at its locations, sorted. */
  readonly names: readonly string[]
  /** Sorted by profile, then by package. */
  readonly neededBy: readonly SourceUse[]
}

/** All files that builds of these locks start from, the first compilers included, each once, in the order of the locks. */
export function lockedSources(locks: readonly Lock[]): LockedSource[] {
  const found = new Map<string, LockedSource>()
  for (const { source, use } of locks.flatMap(usesIn)) {
    const { integrity } = source
    const { from, size, neededBy } = found.get(integrity) ?? { from: [], size: source.size, neededBy: [] }
    const locations = [...new Set([...from, ...source.from])]
    found.set(integrity, {
      integrity,
      from: locations,
      // Where the size is not known it is the most it may be, and the content is the same.
      size: Math.min(size, source.size),
      names: [...fileNames(locations)].sort(compareBytes),
      neededBy: sortedUses([...neededBy, use]),
    })
  }
  return [...found.values()]
}

/** Uses in their order, each once. */
export function sortedUses(neededBy: readonly SourceUse[]): SourceUse[] {
  const unique = new Map(
    neededBy.map((use) => [JSON.stringify([use.profile, use.package, use.version, use.license]), use]),
  )
  return [...unique].sort(([a], [b]) => compareBytes(a, b)).map(([, use]) => use)
}

function usesIn({ profile, seeds, packages }: Lock): { readonly source: Source; readonly use: SourceUse }[] {
  const toolchains = Object.entries(seeds).map(([name, source]) => ({
    source,
    use: { profile, package: name, version: '', license: '' },
  }))
  const others = Object.entries(packages).flatMap(([name, { version, license, sources }]) =>
    sources.map((source) => ({ source, use: { profile, package: name, version, license } })),
  )
  return [...toolchains, ...others]
}
