import type { ImageMember, ImageReader } from '../model/image-reader.ts'
import { archiveError } from './archive-error.ts'
import type { ArchiveInput } from './byte-reader.ts'
import { type CpioEntry, readCpioEntries } from './cpio-entries.ts'
import { KIND_BITS, looksLikeCpio } from './cpio-header.ts'
import { CpioLinks } from './cpio-links.ts'
import { decodeName, imagePath } from './entry-path.ts'
import { openImageArchive } from './image-archive.ts'
import { checkDevice, checkImageTarget, ImageMembers } from './image-members.ts'
import { type ArchiveLimits, IMAGE_LIMITS } from './limits.ts'

const PERMISSIONS = 0o7777
const KIND_MASK = 0o170000

type Inode = Exclude<ImageMember, { kind: 'hardlink' }>

/**
 * Reads an image that is one cpio archive in the "new ASCII" form, plain or compressed. Rules: `docs/formats/cpio.md`.
 * Of a file that is not compressed, content that nobody asks for is not read.
 */
export function readCpioImage(input: ArchiveInput, limits: ArchiveLimits = IMAGE_LIMITS): ImageReader {
  return { members: () => readMembers(input, limits) }
}

async function* readMembers(input: ArchiveInput, limits: ArchiveLimits): AsyncGenerator<ImageMember> {
  const archive = await openImageArchive(input, limits, { name: 'cpio', looksRight: looksLikeCpio })
  try {
    const members = new ImageMembers(limits)
    const links = new CpioLinks()
    for await (const entry of readCpioEntries(archive.reader, limits)) {
      const inode = await decodeInode(entry, limits)
      for (const folder of members.place(inode.path, inode.kind, entry.header.size)) yield folder
      yield* links.resolve(inode, entry.header)
    }
    yield* links.end()
    await archive.finish()
  } finally {
    await archive.close()
  }
}

async function decodeInode(entry: CpioEntry, limits: ArchiveLimits): Promise<Inode> {
  const { header, name, content, offset } = entry
  const path = imagePath(name, limits)
  const kind = header.mode & KIND_MASK
  if (header.mode > (KIND_MASK | PERMISSIONS)) {
    throw archiveError('E_ARCHIVE', `has the mode ${header.mode.toString(8)}`, { entry: name, fields: { offset } })
  }
  if (kind !== KIND_BITS.directory && (path === '' || name.endsWith('/'))) {
    throw archiveError('E_ARCHIVE_PATH', 'has the path of a folder but is none', { entry: name, fields: { offset } })
  }
  if (kind !== KIND_BITS.file && kind !== KIND_BITS.symlink && header.size > 0) {
    throw archiveError('E_ARCHIVE', 'is a folder or device with content', { entry: name, fields: { offset } })
  }
  const { uid, gid, mtime } = header
  const inode = { path, mode: header.mode & PERMISSIONS, uid, gid, mtime, xattrs: [] }
  switch (kind) {
    case KIND_BITS.file:
      return { kind: 'file', ...inode, size: content.size, content: () => checkedContent(entry) }
    case KIND_BITS.symlink:
      return { kind: 'symlink', ...inode, target: await readTarget(entry, path) }
    case KIND_BITS.char:
    case KIND_BITS.block:
      return {
        kind: 'device',
        ...inode,
        type: kind === KIND_BITS.char ? 'char' : 'block',
        ...checkDevice(entry.header, entry.name),
      }
    case KIND_BITS.directory:
      return { kind: 'directory', ...inode }
    case KIND_BITS.fifo:
      return { kind: 'fifo', ...inode }
    case KIND_BITS.socket:
      return { kind: 'socket', ...inode }
    default:
      throw archiveError('E_ARCHIVE', `is of an unknown kind: mode ${header.mode.toString(8)}`, { entry: name })
  }
}

async function readTarget({ content, offset }: CpioEntry, path: string): Promise<string> {
  checkImageTarget(path, content.size)
  return decodeName(await content.bytes(), offset)
}

async function* checkedContent({ header, name, content, hasChecksum }: CpioEntry): AsyncGenerator<Uint8Array> {
  let sum = 0
  for await (const piece of content.pieces()) {
    if (hasChecksum) sum = addBytes(piece, sum)
    yield piece
  }
  if (hasChecksum && sum !== header.checksum) {
    throw archiveError('E_ARCHIVE', 'does not have the checksum that its header states', {
      entry: name,
      fields: { expected: header.checksum, got: sum },
    })
  }
}

function addBytes(bytes: Uint8Array, start: number): number {
  let sum = start
  for (let i = 0; i < bytes.length; i++) sum = (sum + (bytes[i] as number)) >>> 0
  return sum
}
