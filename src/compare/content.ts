import { MrrlError } from '../util/errors.ts'
import { arDifferences } from './ar.ts'
import { byteDetails, streamDetail } from './bytes.ts'
import { elfDetails } from './elf/compare.ts'
import { fieldDetails } from './fields.ts'
import { imageTree } from './image-tree.ts'
import { type ContentKind, HEAD_BYTES, isPacking, isTreeKind, kindOf } from './kinds.ts'
import { PACKED_HEAD, packedFields } from './packed-header.ts'
import { type Detail, type Found, MOST_PER_FILE, type Place } from './place.ts'
import { headOf, holdBytes, type Source, unpackedSource } from './source.ts'
import { linesOf, textDetails } from './text.ts'
import { compareTrees } from './trees.ts'

const NAMES: Readonly<Record<ContentKind, string>> = {
  gzip: 'gzip',
  xz: 'xz',
  zstd: 'zstd',
  bzip2: 'bzip2',
  tar: 'tar',
  cpio: 'cpio',
  squashfs: 'squashfs',
  ar: 'ar',
  elf: 'ELF',
  plain: 'other data',
}

/**
 * What differs between two files, by what their first bytes say they are; nothing when they are equal. Of what is
 * damaged, too deep or too large, the bytes are compared. Only of the outermost file damage is an error: `E_ARCHIVE*`.
 */
export async function compareContent(a: Source, b: Source, place: Place): Promise<Found[]> {
  if (place.isTooDeep) return bytesOnly(a, b, 'is nested too deep', place)
  try {
    const [before, after] = [kindOf(await headOf(a, HEAD_BYTES)), kindOf(await headOf(b, HEAD_BYTES))]
    const found = await compareKinds(before, after, a, b, place)
    if (found.length <= MOST_PER_FILE || place.isOutermost) return found
    const more = { path: place.path, where: { kind: 'more' }, before: null, after: null, follows: false } as const
    return [...found.slice(0, MOST_PER_FILE), more]
  } catch (error) {
    if (!isArchiveError(error) || (place.isOutermost && 'archive' in error.fields)) throw error
    return bytesOnly(a, b, error.message, place)
  }
}

async function compareKinds(
  before: ContentKind,
  after: ContentKind,
  a: Source,
  b: Source,
  place: Place,
): Promise<Found[]> {
  if (isPacking(before) || isPacking(after)) return comparePacked(before, after, a, b, place)
  if (isTreeKind(before) && isTreeKind(after)) {
    const [nameA, nameB] = place.names
    const found = await compareTrees(
      imageTree(before, a, place.limits, nameA),
      imageTree(after, b, place.limits, nameB),
      place,
    )
    // The same tree may be packed in many ways.
    return found.length > 0 || before !== after ? found : bytesOnly(a, b, 'the same entries and header fields', place)
  }
  if (before !== after) return bytesOnly(a, b, `${NAMES[before]} and ${NAMES[after]}`, place)
  const [one, other] = [await holdBytes(a, place.held), await holdBytes(b, place.held)]
  if (one === undefined || other === undefined) {
    return bytesOnly(a, b, `larger than ${place.held / 2 ** 20} MiB`, place)
  }
  await place.run.step(0, one.length)
  if (Buffer.compare(one, other) === 0) return []
  if (before === 'ar') return arDifferences(one, other, place)
  return at(place, before === 'elf' ? elfDetails(one, other) : plainDetails(one, other))
}

/** Header fields, then what is below the compression of either; where both are equal, the compressed bytes. */
async function comparePacked(
  before: ContentKind,
  after: ContentKind,
  a: Source,
  b: Source,
  place: Place,
): Promise<Found[]> {
  const unpacked = (kind: ContentKind, source: Source): Source =>
    isPacking(kind) ? unpackedSource(source, place.limits) : source
  const [one, other] = [unpacked(before, a), unpacked(after, b)]
  const inner = await place.inside(one, other, place.unpacked())
  const details: Detail[] = []
  if (before !== after) {
    const [packing, otherPacking] = [isPacking(before) ? before : null, isPacking(after) ? after : null]
    const where = { kind: 'header', format: 'file', field: 'compression' } as const
    // Of a squashfs and a tar.xz it goes without saying.
    if (!(await areOtherTrees(one, other))) {
      details.push({ where, before: packing, after: otherPacking, follows: false })
    }
  } else if (isPacking(before)) {
    const [head, otherHead] = [await headOf(a, PACKED_HEAD), await headOf(b, PACKED_HEAD)]
    details.push(...fieldDetails(before, packedFields(before, head), packedFields(before, otherHead)))
  }
  const found = [...at(place, details), ...inner]
  if (found.length > 0 || before !== after) return found
  return bytesOnly(a, b, 'the same content, compressed in another way', place)
}

async function areOtherTrees(a: Source, b: Source): Promise<boolean> {
  const [one, other] = [kindOf(await headOf(a, HEAD_BYTES)), kindOf(await headOf(b, HEAD_BYTES))]
  return isTreeKind(one) && isTreeKind(other) && one !== other
}

function plainDetails(a: Uint8Array, b: Uint8Array): Detail[] {
  const [before, after] = [linesOf(a), linesOf(b)]
  return before === undefined || after === undefined ? byteDetails(a, b, '') : textDetails(before, after)
}

/** The bytes of what was not looked into any further; throws `E_ARCHIVE` where they are below damaged compression. */
async function bytesOnly(a: Source, b: Source, why: string, place: Place): Promise<Found[]> {
  const detail = await streamDetail(a, b, why, place)
  return at(place, detail === undefined ? [] : [detail])
}

function at({ path }: Place, details: readonly Detail[]): Found[] {
  return details.map((detail) => ({ path, ...detail }))
}

function isArchiveError(error: unknown): error is MrrlError {
  return error instanceof MrrlError && error.code.startsWith('E_ARCHIVE')
}
