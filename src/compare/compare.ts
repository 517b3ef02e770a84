import type { Clues, Difference } from '../model/difference.ts'
import { MrrlError } from '../util/errors.ts'
import { causeOf } from './cause.ts'
import { compareContent } from './content.ts'
import { imageTree } from './image-tree.ts'
import { HEAD_BYTES, isPacking, isTreeKind, kindOf } from './kinds.ts'
import { type Found, Place, Run } from './place.ts'
import type { Side, Tree } from './side.ts'
import { headOf, type Source, unpackedSource } from './source.ts'
import { compareTrees } from './trees.ts'

/** How two sides are compared. */
export interface CompareOptions {
  /** What is known to have been varied between the sides. */
  readonly clues: Clues
  readonly signal: AbortSignal
  /** Told now and then how far it has come: entries listed and bytes read, of both sides. */
  readonly onProgress: (done: { readonly entries: number; readonly bytes: number }) => void
}

/** What holds where a caller has no wish. */
export const COMPARE_DEFAULTS: CompareOptions = {
  clues: [],
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/**
 * Every difference between two sides, in the order of their paths; none when they are the same. Two files are compared
 * by what they are; a tree is compared with a tree or with a file that is an image.
 *
 * Memory: the entries of both sides, and of their files at most 384 MiB each, see `docs/diff.md`.
 * Throws `E_SOURCE*` and `E_ARCHIVE*` where a side cannot be read, `E_USAGE` when one is a tree and the other no image,
 * `E_INTERRUPTED` when aborted.
 */
export async function compareSides(a: Side, b: Side, options: CompareOptions): Promise<Difference[]> {
  const run = new Run([a.name, b.name], options.signal, options.onProgress)
  const place = Place.outermost(run, compareContent)
  const found = await compareAny(a, b, place)
  return found.map((difference) => ({ ...difference, cause: causeOf(difference, options.clues) }))
}

async function compareAny(a: Side, b: Side, place: Place): Promise<Found[]> {
  if (a.kind === 'tree' || b.kind === 'tree') return compareTrees(await asTree(a, place), await asTree(b, place), place)
  if (await isSame(a.source, b.source, place)) return []
  return compareContent(a.source, b.source, place)
}

async function isSame(a: Source, b: Source, place: Place): Promise<boolean> {
  if (a.size !== b.size) return false
  const [left, right] = [a.stream()[Symbol.asyncIterator](), b.stream()[Symbol.asyncIterator]()]
  try {
    for (;;) {
      const [one, other] = await Promise.all([left.next(), right.next()])
      if (one.done === true || other.done === true) return one.done === other.done
      if (Buffer.compare(one.value, other.value) !== 0) return false
      await place.run.step(0, one.value.length)
    }
  } finally {
    await left.return?.()
    await right.return?.()
  }
}

/** A side as a tree; throws `E_USAGE` for a file that is no image. */
async function asTree(side: Side, place: Place): Promise<Tree> {
  if (side.kind === 'tree') return side.tree
  let { source } = side
  let kind = kindOf(await headOf(source, HEAD_BYTES))
  if (isPacking(kind)) {
    source = unpackedSource(source, place.limits)
    kind = kindOf(await headOf(source, HEAD_BYTES))
  }
  if (isTreeKind(kind)) return imageTree(kind, source, place.limits, side.name)
  throw new MrrlError('E_USAGE', `${side.name} is neither a folder nor an image`, {
    fields: { path: side.name },
    hint: 'A folder can be compared with a folder or with an image: tar, cpio or squashfs.',
  })
}
