import type { ImageMember } from '../model/image-reader.ts'
import type { Place } from './place.ts'
import type { Tree } from './side.ts'
import { holdBytes, memorySource, type Source } from './source.ts'

/** A file whose content differs. */
export interface FilePair {
  readonly path: string
  /** Where each side has the content. */
  readonly before: string
  readonly after: string
  readonly sizeBefore: number
  readonly sizeAfter: number
}

/**
 * Reads files of both trees side by side, though a stream gives each file only when its turn comes: as many files as
 * may be held are read in one go through both trees, and a larger file on its own, from the start of both each time.
 */
export async function readFiles(
  a: Tree,
  b: Tree,
  pairs: readonly FilePair[],
  place: Place,
  compare: (path: string, before: Source, after: Source) => Promise<void>,
): Promise<void> {
  for (const batch of batches(pairs, place.held)) {
    const [only] = batch
    if (batch.length === 1 && only !== undefined && largest(only) > place.held) {
      await compare(only.path, streamOf(a, only.before, only.sizeBefore), streamOf(b, only.after, only.sizeAfter))
      continue
    }
    const before = await held(a, new Set(batch.map((pair) => pair.before)), place)
    const after = await held(b, new Set(batch.map((pair) => pair.after)), place)
    for (const pair of batch) {
      const [one, other] = [before.get(pair.before), after.get(pair.after)]
      if (one !== undefined && other !== undefined) await compare(pair.path, memorySource(one), memorySource(other))
    }
  }
}

function* batches(pairs: readonly FilePair[], most: number): Generator<FilePair[]> {
  let batch: FilePair[] = []
  let bytes = 0
  for (const pair of pairs) {
    if (batch.length > 0 && bytes + largest(pair) > most) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(pair)
    bytes += largest(pair)
  }
  if (batch.length > 0) yield batch
}

function largest({ sizeBefore, sizeAfter }: FilePair): number {
  return Math.max(sizeBefore, sizeAfter)
}

/** The content of some files, all of which may be held. */
async function held(tree: Tree, paths: ReadonlySet<string>, place: Place): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for await (const { member } of tree.members()) {
    if (member.kind !== 'file' || !paths.has(member.path)) continue
    const bytes = await holdBytes({ size: member.size, access: undefined, stream: member.content }, place.held)
    // A copy: pieces of a stream are views of whole blocks.
    if (bytes !== undefined) found.set(member.path, Uint8Array.from(bytes))
    await place.run.step(0, member.size)
    if (found.size === paths.size) break
  }
  return found
}

/** A file that is too large to be held. */
function streamOf(tree: Tree, path: string, size: number): Source {
  return {
    size,
    access: undefined,
    async *stream() {
      for await (const { member } of tree.members()) {
        if (!isFileAt(member, path)) continue
        yield* member.content()
        return
      }
    },
  }
}

function isFileAt(member: ImageMember, path: string): member is ImageMember & { kind: 'file' } {
  return member.kind === 'file' && member.path === path
}
