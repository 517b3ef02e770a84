import { looksLikeAr, readAr } from '../../archive/ar-reader.ts'
import { archiveError, inArchive } from '../../archive/archive-error.ts'
import { ByteReader } from '../../archive/byte-reader.ts'
import { decompress } from '../../archive/decompress.ts'
import type { ArchiveEntry } from '../../archive/entry.ts'
import { type ArchiveLimits, Budget, DEFAULT_LIMITS } from '../../archive/limits.ts'
import { Names } from '../../archive/names.ts'
import { BLOCK, looksLikeTar } from '../../archive/tar-header.ts'
import { readTar } from '../../archive/tar-reader.ts'
import type { Digest } from '../../model/digest.ts'
import { formatDigest } from '../../model/digest.ts'
import type { Source } from '../../model/recipe.ts'
import type { Store } from '../../store/store.ts'
import { MrrlError } from '../../util/errors.ts'
import { globMatcher } from '../../util/glob.ts'
import { fileNames } from '../locations.ts'
import { TreeWriter } from './tree-writer.ts'

/** What unpacking must know of a source. */
export type UnpackSource = Pick<Source, 'from' | 'inner' | 'strip' | 'include' | 'exclude'>

/** The member of a Debian package that holds its files, deb(5). */
const DEB_DATA = ['data.tar{,.gz,.xz,.zst,.bz2}']
const COMPRESSION_SUFFIX = /\.(gz|xz|bz2|zst)$/

/**
 * Unpacks a verified blob into a tree of the store and returns its root. Formats are told by their bytes: tar, ar and
 * `.deb`, each plain or as gzip, bzip2, xz or zstd; anything else is one file under its own name, which
 * `strip`, `include` and `exclude` leave alone. Nothing is written outside the store.
 * Throws `E_ARCHIVE`, `E_ARCHIVE_PATH` or `E_ARCHIVE_LIMIT` by the rules of `docs/formats/archives.md`;
 * `E_STORE_CORRUPT` when the blob is damaged; the signal's reason when it is aborted.
 */
export async function unpackToTree(
  blob: Digest,
  source: UnpackSource,
  store: Store,
  limits: ArchiveLimits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<Digest> {
  const name = fileNames(source.from)[0] ?? formatDigest(blob)
  const budget = new Budget(limits)
  const writer = new TreeWriter(store.trees.create(), source, budget)
  const job = { writer, budget, signal }
  const reader = new ByteReader(abortable(store.blobs.stream(blob), signal))
  try {
    await unpack(reader, name, source.inner, job)
    return await writer.finish()
  } catch (error) {
    if (isArchiveError(error) && !(await store.blobs.verify(blob))) {
      throw new MrrlError('E_STORE_CORRUPT', `the copy of ${name} in the store was damaged and has been removed`, {
        fields: { blob },
        cause: error,
      })
    }
    throw inArchive(name, error)
  } finally {
    await writer.settle()
    await reader.close()
  }
}

/** What all archives of one source share. */
interface Job {
  readonly writer: TreeWriter
  readonly budget: Budget
  readonly signal: AbortSignal | undefined
}

async function unpack(outer: ByteReader, name: string, inner: readonly string[], job: Job): Promise<void> {
  const { writer, budget, signal } = job
  const { reader, compressed } = await decompress(outer, budget)
  try {
    const head = await reader.peek(BLOCK)
    const isAr = looksLikeAr(head)
    if (isAr || looksLikeTar(head)) {
      const read = isAr ? readAr : readTar
      const entries = abortable(read(reader, budget.limits), signal)
      const members = isAr && inner.length === 0 ? DEB_DATA : inner
      if (members.length === 0) await writer.addArchive(entries)
      else await unpackMembers(entries, name, members, job)
    } else if (inner.length > 0) {
      throw archiveError('E_ARCHIVE', `is not an archive, so it has no member ${inner.join(', ')}`)
    } else {
      await writer.addPlain(compressed ? name.replace(COMPRESSION_SUFFIX, '') : name, reader.rest())
    }
    if ((await outer.peek(1)).length > 0) throw archiveError('E_ARCHIVE', 'has other bytes after its end')
  } finally {
    if (reader !== outer) await reader.close()
  }
}

/** Unpacks the members that match, in their order in the archive, all into one tree. */
async function unpackMembers(
  entries: AsyncIterable<ArchiveEntry>,
  name: string,
  members: readonly string[],
  job: Job,
): Promise<void> {
  const names = new Names(false)
  const wanted = members.map((pattern) => ({ pattern, matches: globMatcher([pattern]), found: false }))
  for await (const entry of entries) {
    job.budget.entry(0)
    if (entry.path !== '') names.add(entry.path, entry.kind === 'hardlink' ? 'file' : entry.kind)
    const matching = wanted.filter(({ matches }) => matches(entry.path))
    if (matching.length === 0 || entry.kind !== 'file') continue
    for (const want of matching) want.found = true
    const member = new ByteReader(entry.content.pieces())
    try {
      await unpack(member, entry.path.split('/').at(-1) ?? entry.path, [], job)
    } catch (error) {
      throw inArchive(`${name}: ${entry.path}`, error)
    }
  }
  const missing = wanted.filter(({ found }) => !found).map(({ pattern }) => pattern)
  if (missing.length > 0) throw archiveError('E_ARCHIVE', `holds no file that matches ${missing.join(', ')}`)
}

async function* abortable<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  for await (const item of items) {
    signal?.throwIfAborted()
    yield item
  }
}

function isArchiveError(error: unknown): boolean {
  return error instanceof MrrlError && error.code.startsWith('E_ARCHIVE')
}
