import type { BlobReader, Image } from '../../src/model/image.ts'
import type { ImageMember, ImageReader } from '../../src/model/image-reader.ts'
import { collect } from './bytes.ts'
import { sha256 } from './image.ts'

/** Everything that a reader says, in its order, as values that can be compared. */
export async function readAll(reader: ImageReader): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const member of reader.members()) found.push(await plain(member))
  return found
}

async function plain(member: ImageMember): Promise<unknown> {
  if (member.kind === 'hardlink') return member
  const xattrs = member.xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('hex')])
  if (member.kind !== 'file') return { ...member, xattrs }
  const { content, ...fields } = member
  return { ...fields, xattrs, content: sha256(await collect(content())) }
}

/** What {@link readAll} finds in an archive of this image. */
export async function expectedMembers(image: Image, blobs: BlobReader): Promise<unknown[]> {
  const expected: unknown[] = []
  for (const entry of image.entries) {
    if (entry.kind === 'hardlink') {
      expected.push(entry)
      continue
    }
    const xattrs = entry.xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('hex')])
    const common = { mtime: image.epoch, xattrs }
    if (entry.kind !== 'file') expected.push({ ...entry, ...common })
    else {
      const { digest, ...fields } = entry
      const bytes = await blobs.read(digest)
      expected.push({ ...fields, ...common, size: bytes.length, content: sha256(bytes) })
    }
  }
  return expected
}

/** The paths of members, folders with a slash at the end. */
export async function readPaths(reader: ImageReader): Promise<string[]> {
  const found: string[] = []
  for await (const { kind, path } of reader.members()) found.push(kind === 'directory' ? `${path}/` : path)
  return found
}
