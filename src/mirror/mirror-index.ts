import { type LockedSource, type SourceUse, sortedUses } from '../fetch/locked-sources.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { INDEX, type MirrorPath, parseMirrorPath, pathOf } from './layout.ts'

/** Layout of the index; another number is refused. */
const INDEX_VERSION = 1

/** One file of a mirror. */
export interface IndexedFile {
  readonly path: MirrorPath
  /** Bytes; of a file that could not be had, the most that the lock allows. */
  readonly size: number
  /** Its names in the world, sorted. */
  readonly names: readonly string[]
  /** Its locations as in the locks, sorted. */
  readonly from: readonly string[]
  /** Empty for a file that only earlier locks needed. */
  readonly neededBy: readonly SourceUse[]
}

/** All files of a mirror, by path. */
export type MirrorIndex = readonly IndexedFile[]

/**
 * The index after sources of some profiles were brought up to date. What other profiles need stays, and so do files
 * that nobody needs any more: an older lock may. `sizes` has the bytes of the files that are there.
 */
export function mergeIndex(
  before: MirrorIndex,
  sources: readonly LockedSource[],
  profiles: readonly string[],
  sizes: ReadonlyMap<MirrorPath, number>,
): MirrorIndex {
  const files = new Map<MirrorPath, IndexedFile>()
  for (const file of before)
    files.set(file.path, { ...file, neededBy: file.neededBy.filter((use) => !profiles.includes(use.profile)) })
  for (const { integrity, size, names, from, neededBy } of sources) {
    const path = pathOf(integrity)
    const known = files.get(path)
    files.set(path, {
      path,
      size: sizes.get(path) ?? known?.size ?? size,
      names: union(known?.names ?? [], names),
      from: union(known?.from ?? [], from),
      neededBy: sortedUses([...(known?.neededBy ?? []), ...neededBy]),
    })
  }
  return [...files.values()].sort((a, b) => compareBytes(a.path, b.path))
}

/** Text of an index; equal indexes have equal bytes. */
export function formatIndex(index: MirrorIndex): string {
  const files = index.map(({ path, size, names, from, neededBy }) => ({
    path,
    size,
    names,
    from,
    neededBy: neededBy.map((use) => ({
      profile: use.profile,
      package: use.package,
      version: use.version,
      license: use.license,
    })),
  }))
  return `${JSON.stringify({ version: INDEX_VERSION, files }, undefined, 2)}\n`
}

/** Reads an index. Throws `E_MIRROR` when it is not one, byte for byte as {@link formatIndex} writes it. */
export function parseIndex(text: string): MirrorIndex {
  let value: { readonly version?: unknown; readonly files?: unknown }
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalidIndex('it is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null) throw invalidIndex('it is no index')
  if (value.version !== INDEX_VERSION)
    throw invalidIndex(`its version is ${value.version}, this program reads ${INDEX_VERSION}`)
  if (!Array.isArray(value.files)) throw invalidIndex('it has no list of files')
  const index = value.files.map(parseFile)
  const isSorted = index.every(({ path }, at) => at === 0 || compareBytes(index[at - 1]?.path ?? '', path) < 0)
  if (!isSorted || formatIndex(index) !== text) throw invalidIndex('it is not as mrrl writes it')
  return index
}

function parseFile(value: unknown): IndexedFile {
  if (typeof value !== 'object' || value === null) throw invalidIndex('a file has no fields')
  const { path, size, names, from, neededBy } = value as Readonly<Record<string, unknown>>
  const known = parseMirrorPath(path)
  // The one field that is used as a path: nothing but a hash may be in it.
  if (known === undefined) throw invalidIndex(`${JSON.stringify(path)} is no path of a mirror`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalidIndex(`the size of ${known} is no size`)
  if (!isTexts(names) || !isTexts(from) || !Array.isArray(neededBy) || !neededBy.every(isUse)) {
    throw invalidIndex(`a field of ${known} is of the wrong kind`)
  }
  return { path: known, size, names, from, neededBy }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isUse(value: unknown): value is SourceUse {
  if (typeof value !== 'object' || value === null) return false
  const use = value as Readonly<Record<string, unknown>>
  return isTexts([use.profile, use.package, use.version, use.license])
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort(compareBytes)
}

/** The error for an index that cannot be used. */
export function invalidIndex(why: string, cause?: unknown): MrrlError {
  return new MrrlError('E_MIRROR', `${INDEX} of the mirror cannot be read: ${why}`, {
    fields: { file: INDEX },
    hint: `Remove ${INDEX} and run mrrl mirror for all of its profiles: files that are right are not fetched again.`,
    cause,
  })
}
