import { type Header, type Pack, pack } from 'tar-stream'
import { checkImage } from '../model/check-image.ts'
import { sizeOf } from '../model/digest.ts'
import type { BlobReader, Image, ImageEntry } from '../model/image.ts'
import { MrrlError } from '../util/errors.ts'

/** Largest values of the ustar fields as tar-stream writes them: six octal digits, and eleven for the size. */
const MAX_ID = 0o777777
const MAX_SIZE = 0o77777777777
const MAX_NAME = 100
/** tar-stream computes the time with 32-bit operators. */
const MAX_TIME = 2 ** 31 - 1
/** Files up to this size go through memory in one piece. */
const WHOLE_FILE = 2 ** 22

/**
 * Writes an image as an uncompressed tar: ustar, with a pax header in front of entries that ustar cannot hold.
 * The root is `./`, folders end with a slash, no other name starts with `./`; no user and group names; the archive ends
 * with two empty blocks. Nothing is coerced: what cannot be written throws `E_IMAGE` (see `docs/formats/tar.md`).
 */
export async function* tarBytes(image: Image, blobs: BlobReader): AsyncGenerator<Uint8Array> {
  checkImage(image)
  const headers = image.entries.map((entry) => tarHeader(entry, image.epoch))
  const archive = pack()
  const filling = fill(archive, image, headers, blobs).catch((error) => archive.destroy(error))
  yield* archive as AsyncIterable<Uint8Array>
  await filling
}

async function fill(archive: Pack, image: Image, headers: readonly Header[], blobs: BlobReader): Promise<void> {
  for (const [at, header] of headers.entries()) {
    const entry = image.entries[at]
    if (entry?.kind !== 'file' || header.size === 0) await addWhole(archive, header, new Uint8Array(0))
    else if (header.size <= WHOLE_FILE) await addWhole(archive, header, await blobs.read(entry.digest))
    else await addStream(archive, header, blobs.stream(entry.digest))
  }
  archive.finalize()
}

async function addWhole(archive: Pack, header: Header, bytes: Uint8Array): Promise<void> {
  checkSize(header, bytes.length)
  await new Promise<void>((done, fail) => archive.entry(header, Buffer.from(bytes), settle(done, fail)))
}

async function addStream(archive: Pack, header: Header, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const { promise: written, resolve, reject } = Promise.withResolvers<void>()
  written.catch(() => undefined)
  const body = archive.entry(header, settle(resolve, reject))
  body.on('error', reject)
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (body.write(piece)) continue
    await Promise.race([new Promise<void>((drained) => body.once('drain', drained)), written])
  }
  checkSize(header, size)
  body.end(null)
  await written
}

function checkSize(header: Header, size: number): void {
  if (size === header.size) return
  throw new MrrlError('E_STORE_CORRUPT', `${header.name} has not the size of its digest`, {
    fields: { expected: header.size, size },
  })
}

function settle(done: () => void, fail: (error: Error) => void): (error?: Error | null) => void {
  return (error) => (error == null ? done() : fail(error))
}

/** Every field is given, because tar-stream replaces a missing or zero one by a guess. */
function tarHeader(entry: ImageEntry, epoch: number): Header {
  const name = entry.path === '' ? './' : entry.kind === 'directory' ? `${entry.path}/` : entry.path
  const linkname = entry.kind === 'symlink' ? entry.target : ''
  const size = entry.kind === 'file' ? sizeOf(entry.digest) : 0
  const device = entry.kind === 'device' ? entry : { major: 0, minor: 0 }
  if (device.major > MAX_ID || device.minor > MAX_ID) {
    throw new MrrlError('E_IMAGE', `tar cannot hold the device number of /${entry.path}`, {
      fields: { path: entry.path, major: device.major, minor: device.minor },
    })
  }

  const pax: Record<string, string> = {}
  if (entry.uid > MAX_ID) pax.uid = String(entry.uid)
  if (entry.gid > MAX_ID) pax.gid = String(entry.gid)
  if (size > MAX_SIZE) pax.size = String(size)
  if (epoch > MAX_TIME) pax.mtime = String(epoch)
  const isPax = Object.keys(pax).length > 0 || !fitsUstar(name) || !fitsUstar(linkname)
  return {
    name,
    linkname,
    type: typeOf(entry),
    // The bit above the permissions keeps mode 0 from being taken for a missing one; it is masked off when written.
    mode: entry.mode | 0o100000,
    uid: entry.uid,
    gid: entry.gid,
    size,
    mtime: new Date(Math.min(epoch, MAX_TIME) * 1000),
    uname: '',
    gname: '',
    devmajor: device.major,
    devminor: device.minor,
    ...(isPax ? { pax } : {}),
  }
}

// tar-stream writes other characters into a link name as they are, and splits long names in its own way: pax is exact.
function fitsUstar(name: string): boolean {
  return name.length <= MAX_NAME && Buffer.byteLength(name) === name.length
}

function typeOf(entry: ImageEntry): Header['type'] {
  if (entry.kind !== 'device') return entry.kind
  return entry.type === 'char' ? 'character-device' : 'block-device'
}
