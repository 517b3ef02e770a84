import { archiveError } from './archive-error.ts'
import type { ByteReader } from './byte-reader.ts'
import { type ArchiveEntry, Content } from './entry.ts'
import { decodeName, entryPath } from './entry-path.ts'
import type { ArchiveLimits } from './limits.ts'
import { BLOCK, decodeHeader, type TarHeader } from './tar-header.ts'
import { decodePax, type PaxFields } from './tar-pax.ts'
import { isZero } from './zeros.ts'

/** Largest pax header; what real writers put in stays below a few kilobytes. */
const MAX_PAX_BYTES = 1 << 20
const OWNER_EXECUTE = 0o100

/** What extra headers say about the next entry. */
interface Extra {
  pax?: PaxFields
  longName?: Uint8Array
  longLink?: Uint8Array
}

/**
 * Reads a tar archive (ustar, pax, GNU long names, and those before POSIX) to its very end, strictly: where readers
 * are known to differ it refuses. Rules and reasons: `docs/formats/archives.md`. Throws `E_ARCHIVE*`.
 */
export async function* readTar(reader: ByteReader, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  let extra: Extra = {}
  for (;;) {
    const offset = reader.position
    const block = await reader.maybe(BLOCK)
    if (block === undefined) throw archiveError('E_ARCHIVE', `is cut off: it has no end marker at ${offset}`)
    if (isZero(block)) {
      if (hasAny(extra)) throw archiveError('E_ARCHIVE', 'ends after a header that describes a next entry')
      return await readEnd(reader)
    }
    const header = decodeHeader(block, offset)
    if ('xgLK'.includes(header.type)) {
      await readExtra(reader, header, extra, limits)
      continue
    }
    const entry = decodeEntry(header, extra, reader, limits)
    extra = {}
    yield entry
    if (entry.kind !== 'file') continue
    await entry.content.skip()
    await reader.skip(padding(entry.content.size))
  }
}

/** The second zero block, then zeros only: entries behind the marker are read by some readers and not by others. */
async function readEnd(reader: ByteReader): Promise<void> {
  const second = await reader.maybe(BLOCK)
  if (second === undefined || !isZero(second)) {
    throw archiveError('E_ARCHIVE', `has half an end marker at ${reader.position - BLOCK}`)
  }
  if (!(await reader.onlyZeros())) throw archiveError('E_ARCHIVE', 'has other bytes after its end marker')
}

async function readExtra(reader: ByteReader, header: TarHeader, extra: Extra, limits: ArchiveLimits): Promise<void> {
  const { type, size, offset } = header
  const isPax = type === 'x' || type === 'g'
  const most = isPax ? MAX_PAX_BYTES : limits.pathBytes + 1
  if (size > most) {
    const fields = { limit: 'pathBytes', offset }
    throw archiveError('E_ARCHIVE_LIMIT', `has an extra header of ${size} bytes at ${offset}`, { fields })
  }
  const bytes = new Uint8Array(await reader.exact(size))
  await reader.skip(padding(size))
  if (type === 'g') return void decodePax(bytes, true, offset)
  const twice = isPax ? extra.pax : type === 'L' ? extra.longName : extra.longLink
  if (twice !== undefined) {
    throw archiveError('E_ARCHIVE', `describes one entry twice at ${offset}`, { fields: { offset } })
  }
  if (isPax) extra.pax = decodePax(bytes, false, offset)
  else if (type === 'L') extra.longName = withoutNul(bytes)
  else extra.longLink = withoutNul(bytes)
}

function decodeEntry(header: TarHeader, extra: Extra, reader: ByteReader, limits: ArchiveLimits): ArchiveEntry {
  const { type, offset } = header
  const name = decodeName(override(header.name, extra.pax?.path, extra.longName, offset), offset)
  const path = entryPath(name, limits)
  const size = checkSize(header, extra.pax?.size, name)
  if (type === '5') return { kind: 'directory', path }
  if (path === '' || name.endsWith('/')) {
    throw archiveError('E_ARCHIVE_PATH', 'has the path of a folder but is none', { entry: name, fields: { offset } })
  }
  if (type === '0') {
    return { kind: 'file', path, executable: (header.mode & OWNER_EXECUTE) !== 0, content: new Content(reader, size) }
  }
  if (type === '1' || type === '2') {
    const target = decodeName(override(header.linkName, extra.pax?.linkPath, extra.longLink, offset), offset)
    return type === '2'
      ? { kind: 'symlink', path, target }
      : { kind: 'hardlink', path, target: entryPath(target, limits) }
  }
  throw archiveError('E_ARCHIVE', `is ${TYPE_NAMES[type] ?? `of the unknown type ${JSON.stringify(type)}`}`, {
    entry: name,
    fields: { offset },
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

function checkSize(header: TarHeader, paxSize: number | undefined, name: string): number {
  const { type, size, offset } = header
  if (paxSize !== undefined && paxSize !== size) {
    throw archiveError('E_ARCHIVE', 'has two different sizes', {
      entry: name,
      fields: { offset, pax: paxSize, tar: size },
    })
  }
  if (size > 0 && '125'.includes(type)) {
    throw archiveError('E_ARCHIVE', 'is a link or folder with content', { entry: name, fields: { offset, size } })
  }
  return size
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
