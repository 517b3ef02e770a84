import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readLocal } from '../fetch/read-local.ts'
import { zstd } from '../formats/compress-stream.ts'
import { writeImageFile } from '../formats/image-file.ts'
import { tarBytes } from '../formats/tar.ts'
import { type Watch, watchedBlobs } from '../formats/watched-blobs.ts'
import { type Digest, digestOf, formatDigest, hashOf, makeDigest } from '../model/digest.ts'
import type { BlobReader, Image, ImageEntry } from '../model/image.ts'
import { comparePaths } from '../model/tree.ts'
import { MrrlError } from '../util/errors.ts'
import type { FilledFile, MirrorOrder } from './fill.ts'
import { hashFile } from './hash-file.ts'
import { HASH_FOLDERS, hashIn, INDEX, type MirrorPath, SUMS } from './layout.ts'
import { formatIndex, mergeIndex } from './mirror-index.ts'
import { formatSums } from './sums.ts'

/** Sources are packed already: a higher level gains nothing and takes fifty times as long. */
const LEVEL = 1

/**
 * Writes files of a mirror as one `tar.zst`, the same bytes for the same locks whatever else the mirror holds. Returns
 * its size in bytes. Throws `E_TARGET`, `E_INTEGRITY` when a file of the mirror changes meanwhile, `E_INTERRUPTED`.
 */
export async function writeBundle(
  mirror: string,
  order: MirrorOrder,
  files: readonly FilledFile[],
  target: string,
  watch: Watch,
): Promise<number> {
  const sha256 = new Map<MirrorPath, string>()
  for (const { path } of files) {
    const { algorithm, hex } = hashIn(path)
    sha256.set(
      path,
      algorithm === 'sha256' ? hex : (await hashFile(join(mirror, path), ['sha256'], watch.signal)).sha256,
    )
  }
  const sizes = new Map(files.map(({ path, size }) => [path, size]))
  const index = formatIndex(mergeIndex([], order.sources, order.profiles, sizes))
  const lists = [Buffer.from(index), Buffer.from(formatSums(index, [...sizes.keys()], sha256))] as const
  const paths = new Map<Digest, string>()
  const entries: ImageEntry[] = [folder('')]
  entries.push(file(INDEX, digestOf(lists[0])), file(SUMS, digestOf(lists[1])), ...HASH_FOLDERS.map(folder))
  for (const { path, size } of files) {
    const digest = makeDigest(sha256.get(path) ?? '', size)
    paths.set(digest, join(mirror, path))
    entries.push(file(path, digest))
  }
  const image: Image = { entries: entries.sort((a, b) => comparePaths(a.path, b.path)), epoch: 0 }
  const blobs = watchedBlobs(new MirrorBlobs(lists, paths), watch)
  return writeImageFile(target, async (sink) => {
    for await (const piece of zstd(tarBytes(image, blobs), LEVEL)) await sink.write(piece)
  })
}

function folder(path: string): ImageEntry {
  return { kind: 'directory', path, mode: 0o755, uid: 0, gid: 0, xattrs: [] }
}

function file(path: string, digest: Digest): ImageEntry {
  return { kind: 'file', path, mode: 0o644, uid: 0, gid: 0, xattrs: [], digest }
}

/** Content from the files of a mirror, hashed again as it is read, and from memory. */
class MirrorBlobs implements BlobReader {
  readonly #lists: ReadonlyMap<Digest, Uint8Array>
  readonly #paths: ReadonlyMap<Digest, string>

  constructor(lists: readonly Uint8Array[], paths: ReadonlyMap<Digest, string>) {
    this.#lists = new Map(lists.map((bytes) => [digestOf(bytes), bytes]))
    this.#paths = paths
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.stream(digest)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const list = this.#lists.get(digest)
    if (list !== undefined) return yield list
    const path = this.#paths.get(digest) ?? ''
    const hash = createHash('sha256')
    for await (const piece of readLocal(path)) {
      hash.update(piece)
      yield piece
    }
    if (hash.digest('hex') === hashOf(digest)) return
    throw new MrrlError('E_INTEGRITY', `a file of the mirror changed while it was packed: ${path}`, {
      fields: { path, expected: formatDigest(digest) },
    })
  }
}
