import { archiveError } from './archive-error.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ArchiveEntry } from './entry.ts'
import { entryPath } from './entry-path.ts'
import type { ArchiveLimits } from './limits.ts'
import { readTarEntries, type TarEntry, unreadable } from './tar-entries.ts'

const OWNER_EXECUTE = 0o100

/**
 * Reads a tar archive of sources: files, folders and links, of whose modes only the owner's execute bit is kept.
 * Rules and reasons: `docs/formats/archives.md`. Throws `E_ARCHIVE*`.
 */
export async function* readTar(reader: ByteReader, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  for await (const entry of readTarEntries(reader, limits)) yield sourceEntry(entry, limits)
}

function sourceEntry(entry: TarEntry, limits: ArchiveLimits): ArchiveEntry {
  const { header, name, linkName, content, offset } = entry
  const path = entryPath(name, limits)
  if (header.type === '5') return { kind: 'directory', path }
  if (path === '' || name.endsWith('/')) {
    throw archiveError('E_ARCHIVE_PATH', 'has the path of a folder but is none', { entry: name, fields: { offset } })
  }
  if (header.type === '0') return { kind: 'file', path, executable: (header.mode & OWNER_EXECUTE) !== 0, content }
  if (header.type === '1') return { kind: 'hardlink', path, target: entryPath(linkName, limits) }
  if (header.type === '2') return { kind: 'symlink', path, target: linkName }
  throw unreadable(entry)
}
