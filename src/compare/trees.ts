import { comparePaths } from '../model/tree.ts'
import { fieldDetails } from './fields.ts'
import { type FilePair, readFiles } from './file-batches.ts'
import { type Listed, type Listing, listTree } from './listing.ts'
import { firstMoved, sortingOf } from './lists.ts'
import { changed, kindText, metadataDetails } from './metadata.ts'
import type { Detail, Found, Place } from './place.ts'
import type { Headers, Keeps, Tree } from './side.ts'

/** Fields of cpio headers that are numbered through: one entry more changes them all. */
const NUMBERED = new Set(['inode number', 'device'])
/** Formats whose entries stand in an order that somebody chose. */
const ORDERED = new Set(['tar', 'cpio'])
const ONLY_HERE = { kind: 'entry' } as const

/** Every difference between two trees, in the order of their paths; content by {@link Place.inside}. */
export async function compareTrees(a: Tree, b: Tree, place: Place): Promise<Found[]> {
  const [before, after] = [await listTree(a, place.run), await listTree(b, place.run)]
  const keeps = new Set([...a.keeps].filter((what) => b.keeps.has(what)))
  const found: Found[] = []
  const add = (name: string, details: readonly Detail[]): void => {
    for (const detail of details) found.push({ path: place.pathOf(name), ...detail })
  }
  if (a.format === b.format && ORDERED.has(a.format)) add('', orderDetails(before, after))
  const pairs: FilePair[] = []
  const seen = new Set<string>()
  for (const path of sortedPaths(before, after)) {
    const [old, now] = [before.entries.get(path), after.entries.get(path)]
    if (old === undefined || now === undefined) {
      const [gone, come] = [old && kindText(old), now && kindText(now)]
      add(path, [{ where: ONLY_HERE, before: gone ?? null, after: come ?? null, follows: false }])
      continue
    }
    add(path, linkDetails(path, before, after))
    // Of two names that are one file on both sides the first one shows what differs.
    const pair = `${old.origin}\0${now.origin}`
    if (seen.has(pair)) continue
    seen.add(pair)
    add(path, metadataDetails(old, now, keepsOf(old, keeps, a.format === b.format)))
    if (old.kind === 'file' && now.kind === 'file' && old.digest !== now.digest) pairs.push(pairOf(path, old, now))
  }
  if (a.format === b.format) {
    for (const one of await headerDifferences(a, b, place, found.length > 0)) found.push(one)
  }
  await readFiles(a, b, pairs, place, async (name, one, other) => {
    for (const inner of await place.inside(one, other, place.member(name))) found.push(inner)
  })
  return found.sort((one, other) => comparePaths(one.path, other.path))
}

function pairOf(path: string, old: Listed, now: Listed): FilePair {
  return { path, before: old.origin, after: now.origin, sizeBefore: old.size, sizeAfter: now.size }
}

function sortedPaths(a: Listing, b: Listing): string[] {
  const paths = [...a.entries.keys()]
  for (const path of b.entries.keys()) if (!a.entries.has(path)) paths.push(path)
  return paths.sort(comparePaths)
}

/** Linux gives every symbolic link the mode 0777, and formats record what they like. */
function keepsOf(entry: Listed, keeps: ReadonlySet<Keeps>, isSameFormat: boolean): ReadonlySet<Keeps> {
  if (entry.kind !== 'symlink' || isSameFormat) return keeps
  return new Set([...keeps].filter((what) => what !== 'mode'))
}

/** Files that are one file on one side only. */
function linkDetails(path: string, a: Listing, b: Listing): Detail[] {
  const [before, after] = [otherNames(path, a), otherNames(path, b)]
  return before === after ? [] : [changed('hard link', before, after)]
}

function otherNames(path: string, { entries, names }: Listing): string | null {
  const all = names.get(entries.get(path)?.origin ?? path)
  return all === undefined ? null : all.filter((name) => name !== path).join(' ')
}

function orderDetails(a: Listing, b: Listing): Detail[] {
  const before = [...a.entries.keys()].filter((path) => b.entries.has(path))
  const after = [...b.entries.keys()].filter((path) => a.entries.has(path))
  if (before.every((path, at) => path === after[at])) return []
  const [old, now] = firstMoved(before, after)
  const where = { kind: 'order', of: 'entries', before: orderOf(before), after: orderOf(after) } as const
  return [{ where, before: old, after: now, follows: false }]
}

/** Sorted paths are sorted level by level, which is not the order of their bytes where a name has what comes before `/`. */
function orderOf(paths: readonly string[]): ReturnType<typeof sortingOf> {
  const isByLevel = paths.every((path, at) => at === 0 || comparePaths(paths[at - 1] as string, path) < 0)
  return isByLevel ? 'bytes' : sortingOf(paths)
}

async function headerDifferences(a: Tree, b: Tree, place: Place, isTreeChanged: boolean): Promise<Found[]> {
  const before = new Map<string, Headers['fields']>()
  for await (const { path, fields } of a.headers()) before.set(path, fields)
  const found: Found[] = []
  for await (const { path, fields } of b.headers()) {
    await place.run.step(0, 0)
    const old = before.get(path)
    if (old === undefined) continue
    for (const detail of fieldDetails(a.format, old, fields)) {
      const isNumbered = detail.where.kind === 'header' && NUMBERED.has(detail.where.field)
      found.push({ path: place.pathOf(path), ...detail, follows: isNumbered && isTreeChanged })
    }
  }
  return found
}
