import type { ImageMember, ImageReader } from '../model/image-reader.ts'
import { archiveError } from './archive-error.ts'
import type { ArchiveInput } from './byte-reader.ts'
import { imagePath } from './entry-path.ts'
import { openImageArchive } from './image-archive.ts'
import { checkDevice, checkImageTarget, ImageMembers } from './image-members.ts'
import { type ArchiveLimits, IMAGE_LIMITS } from './limits.ts'
import { readTarEntries, type TarEntry, unreadable } from './tar-entries.ts'
import { looksLikeTar } from './tar-header.ts'
import { decodeXattrs } from './tar-xattr.ts'

const MAX_ID = 2 ** 32 - 1
const PERMISSIONS = 0o7777
/** Kind of the file as stat(2) has it: some old writers leave it in the mode. */
const FORMAT_BITS = 0o170000

/**
 * Reads an image that is a tar archive, plain or compressed, with all metadata that images have. Rules:
 * `docs/formats/tar.md`. Of a file that is not compressed, content that nobody asks for is not read.
 */
export function readTarImage(input: ArchiveInput, limits: ArchiveLimits = IMAGE_LIMITS): ImageReader {
  return { members: () => readMembers(input, limits) }
}

async function* readMembers(input: ArchiveInput, limits: ArchiveLimits): AsyncGenerator<ImageMember> {
  const archive = await openImageArchive(input, limits, { name: 'tar', looksRight: looksLikeTar })
  try {
    const members = new ImageMembers(limits)
    for await (const entry of readTarEntries(archive.reader, limits)) {
      const path = imagePath(entry.name, limits)
      const member = decodeMember(entry, path, members, limits)
      const size = member.kind === 'file' ? member.size : 0
      for (const folder of members.place(path, member.kind, size)) yield folder
      yield member
    }
    await archive.finish()
  } finally {
    await archive.close()
  }
}

function decodeMember(entry: TarEntry, path: string, members: ImageMembers, limits: ArchiveLimits): ImageMember {
  const { header, name, linkName, content, records } = entry
  const { type } = header
  if (type !== '5' && (path === '' || name.endsWith('/'))) {
    throw archiveError('E_ARCHIVE_PATH', 'has the path of a folder but is none', { entry: name })
  }
  if (type === '1') return { kind: 'hardlink', path, target: members.link(path, imagePath(linkName, limits)) }
  const inode = {
    path,
    mode: permissions(entry),
    uid: id('uid', header.uid, entry),
    gid: id('gid', header.gid, entry),
    mtime: time(entry),
    xattrs: records.size === 0 ? [] : decodeXattrs(records, name),
  }
  switch (type) {
    case '0':
      return { kind: 'file', ...inode, size: content.size, content: () => content.pieces() }
    case '2':
      checkImageTarget(path, Buffer.byteLength(linkName))
      return { kind: 'symlink', ...inode, target: linkName }
    case '3':
    case '4':
      return {
        kind: 'device',
        ...inode,
        type: type === '3' ? 'char' : 'block',
        ...checkDevice(entry.header, entry.name),
      }
    case '5':
      return { kind: 'directory', ...inode }
    case '6':
      return { kind: 'fifo', ...inode }
    default:
      throw unreadable(entry)
  }
}

function permissions({ header, name }: TarEntry): number {
  if ((header.mode & ~(FORMAT_BITS | PERMISSIONS)) !== 0) {
    throw archiveError('E_ARCHIVE', `has the mode ${header.mode.toString(8)}`, { entry: name })
  }
  return header.mode & PERMISSIONS
}

function id(keyword: 'uid' | 'gid', plain: number, { records, name }: TarEntry): number {
  const record = records.get(keyword)
  if (record === undefined && plain <= MAX_ID) return plain
  const text = record === undefined ? String(plain) : Buffer.from(record).toString('latin1')
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) > MAX_ID) {
    throw archiveError('E_ARCHIVE', `has a ${keyword} out of range: ${JSON.stringify(text)}`, { entry: name })
  }
  return Number(text)
}

function time({ header, records, name }: TarEntry): number {
  const record = records.get('mtime')
  if (record === undefined) return header.mtime
  const text = Buffer.from(record).toString('latin1')
  if (!/^-?[0-9]{1,15}(\.[0-9]{0,20})?$/.test(text)) {
    throw archiveError('E_ARCHIVE', `has a malformed time: ${JSON.stringify(text)}`, { entry: name })
  }
  return Number(text)
}
