import { isZero } from '../util/zeros.ts'
import { archiveError } from './archive-error.ts'
import type { ByteReader } from './byte-reader.ts'
import { Content } from './entry.ts'
import { decodeName } from './entry-path.ts'
import type { ArchiveLimits } from './limits.ts'
import { BLOCK, decodeHeader, MAX_ELEVEN_DIGITS, type TarHeader } from './tar-header.ts'
import { decodePax, type PaxFields } from './tar-pax.ts'

/** Largest pax header; libarchive refuses larger ones too. */
export const MAX_PAX_BYTES: number = 1 << 20

/** One entry with the extra headers before it. Its paths have not been checked. */
export interface TarEntry {
  readonly header: TarHeader
  /** pax records for this entry, with those for the whole archive where it has none of its own. */
  readonly records: ReadonlyMap<string, Uint8Array>
  readonly name: string
  /** Target of a hard or symbolic link; '' for all others. */
  readonly linkName: string
  readonly content: Content
  /** Where the header is, in bytes. */
  readonly offset: number
}

/** What extra headers say about the next entry. */
interface Extra {
  pax?: PaxFields
  longName?: Uint8Array
  longLink?: Uint8Array
}

const NO_RECORDS: ReadonlyMap<string, Uint8Array> = new Map()

/**
 * Reads a tar archive (ustar, pax, GNU long names, and those before POSIX) to its very end, strictly: where readers
 * are known to differ it refuses. Rules and reasons: `docs/formats/archives.md`. Throws `E_ARCHIVE*`.
 */
export async function* readTarEntries(reader: ByteReader, limits: ArchiveLimits): AsyncGenerator<TarEntry> {
  const globals = new Map<string, Uint8Array>()
  let extra: Extra = {}
  for (;;) {
    const offset = reader.position
    const block = reader.ready(BLOCK) ?? (await reader.maybe(BLOCK))
    if (block === undefined) throw archiveError('E_ARCHIVE', `is cut off: it has no end marker at ${offset}`)
    if (isZero(block)) {
      if (hasAny(extra)) throw archiveError('E_ARCHIVE', 'ends after a header that describes a next entry')
      return await readEnd(reader)
    }
    const header = decodeHeader(block, offset)
    if ('xgLK'.includes(header.type)) {
      await readExtra(reader, header, offset, limits, extra, globals)
      continue
    }
    const entry = decodeEntry(header, extra, globals, reader, offset)
    extra = {}
    yield entry
    const rest = padding(entry.content.size)
    if (!entry.content.skipNow(rest)) await entry.content.skip(rest)
  }
}

/** The error for an entry of a type that is not read. */
export function unreadable(entry: TarEntry): Error {
  const { type } = entry.header
  return archiveError('E_ARCHIVE', `is ${TYPE_NAMES[type] ?? `of the unknown type ${JSON.stringify(type)}`}`, {
    entry: entry.name,
    fields: { offset: entry.offset },
  })
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  3: 'a character device',
  4: 'a block device',
  6: 'a fifo',
  S: 'a sparse file',
  D: 'a GNU incremental folder',
  M: 'a continued file',
  V: 'a volume label',
}

/** The second zero block, then zeros only: entries behind the marker are read by some readers and not by others. */
async function readEnd(reader: ByteReader): Promise<void> {
  const second = await reader.maybe(BLOCK)
  if (second === undefined || !isZero(second)) {
    throw archiveError('E_ARCHIVE', `has half an end marker at ${reader.position - BLOCK}`)
  }
  if (!(await reader.onlyZeros())) throw archiveError('E_ARCHIVE', 'has other bytes after its end marker')
}

async function readExtra(
  reader: ByteReader,
  { type, size }: TarHeader,
  offset: number,
  limits: ArchiveLimits,
  extra: Extra,
  globals: Map<string, Uint8Array>,
): Promise<void> {
  const isPax = type === 'x' || type === 'g'
  const most = isPax ? MAX_PAX_BYTES : limits.pathBytes + 1
  if (size > most) {
    const fields = { limit: 'pathBytes', offset }
    throw archiveError('E_ARCHIVE_LIMIT', `has an extra header of ${size} bytes at ${offset}`, { fields })
  }
  const bytes = new Uint8Array(await reader.exact(size))
  await reader.skip(padding(size))
  if (type === 'g') {
    for (const [keyword, value] of decodePax(bytes, true, offset).records) globals.set(keyword, value)
    return
  }
  const twice = isPax ? extra.pax : type === 'L' ? extra.longName : extra.longLink
  if (twice !== undefined) {
    throw archiveError('E_ARCHIVE', `describes one entry twice at ${offset}`, { fields: { offset } })
  }
  if (isPax) extra.pax = decodePax(bytes, false, offset)
  else if (type === 'L') extra.longName = withoutNul(bytes)
  else extra.longLink = withoutNul(bytes)
}

function decodeEntry(
  header: TarHeader,
  { pax, longName, longLink }: Extra,
  globals: ReadonlyMap<string, Uint8Array>,
  reader: ByteReader,
  offset: number,
): TarEntry {
  const { type } = header
  const name = decodeName(override(header.name, pax?.path, longName, offset), offset)
  const size = checkSize(header, pax?.size, name, offset)
  const isLink = type === '1' || type === '2'
  const linkName = isLink ? decodeName(override(header.linkName, pax?.linkPath, longLink, offset), offset) : ''
  const own = pax?.records ?? NO_RECORDS
  const records = globals.size === 0 ? own : new Map([...globals, ...own])
  return { header, records, name, linkName, content: new Content(reader, size), offset }
}

/** Both ways of stating a long name at once, or a size that differs, is how archives show two faces (CVE-2025-62518). */
function override(
  plain: Uint8Array,
  pax: Uint8Array | undefined,
  gnu: Uint8Array | undefined,
  offset: number,
): Uint8Array {
  if (pax !== undefined && gnu !== undefined) {
    throw archiveError('E_ARCHIVE', `has a pax and a GNU name for one entry at ${offset}`, { fields: { offset } })
  }
  return pax ?? gnu ?? plain
}

function checkSize(header: TarHeader, paxSize: number | undefined, name: string, offset: number): number {
  const { type, size } = header
  // GNU tar leaves 0 in a field that is too small.
  const isInPaxOnly = size === 0 && paxSize !== undefined && paxSize > MAX_ELEVEN_DIGITS
  if (paxSize !== undefined && paxSize !== size && !isInPaxOnly) {
    throw archiveError('E_ARCHIVE', 'has two different sizes', {
      entry: name,
      fields: { offset, pax: paxSize, tar: size },
    })
  }
  const bytes = paxSize ?? size
  if (bytes > 0 && '123456'.includes(type)) {
    throw archiveError('E_ARCHIVE', 'is a link or folder with content', {
      entry: name,
      fields: { offset, size: bytes },
    })
  }
  return bytes
}

function withoutNul(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes
}

function hasAny(extra: Extra): boolean {
  return extra.pax !== undefined || extra.longName !== undefined || extra.longLink !== undefined
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
