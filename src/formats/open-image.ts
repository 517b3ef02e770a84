import { inArchive } from '../archive/archive-error.ts'
import { ByteReader } from '../archive/byte-reader.ts'
import { looksLikeCpio } from '../archive/cpio-header.ts'
import { readCpioImage } from '../archive/cpio-image.ts'
import { decompress } from '../archive/decompress.ts'
import { Budget, IMAGE_LIMITS } from '../archive/limits.ts'
import { looksLikeTar } from '../archive/tar-header.ts'
import { readTarImage } from '../archive/tar-image.ts'
import type { ImageMember, ImageReader } from '../model/image-reader.ts'
import { openSquashfs } from '../squashfs/read.ts'
import { MrrlError } from '../util/errors.ts'
import { type OpenFile, openFile } from './file-access.ts'

/** Families of formats that are read; tar and cpio with any compression. */
export type ImageFamily = 'tar' | 'cpio' | 'squashfs'

/** An image file that is open for reading. Errors name the file. */
export interface OpenedImage extends ImageReader {
  readonly family: ImageFamily
  /** Files whose content may be read side by side: 1 where the format is a stream. */
  readonly filesAtOnce: number
  /** The member at a path, with its content; undefined when there is none. Reads a stream from its start. */
  find(path: string): Promise<ImageMember | undefined>
  /** Lets go of the file; no member may be read after it. */
  close(): Promise<void>
}

/** Bytes that tell tar and cpio. */
const HEAD_BYTES = 512
const SQUASHFS_MAGIC = 'hsqs'
const SQUASHFS_FILES_AT_ONCE = 8

/**
 * Opens an image, told by its first bytes and not by its name: tar and cpio, plain or compressed with gzip, bzip2, xz or
 * zstd, and squashfs. Throws `E_SOURCE` when the file cannot be read, `E_ARCHIVE` when it is none of these or damaged.
 */
export async function openImage(path: string): Promise<OpenedImage> {
  const file = await openFile(path)
  try {
    return named(path, await openAny(file))
  } catch (error) {
    await file.close()
    throw inArchive(path, error)
  }
}

async function openAny(file: OpenFile): Promise<OpenedImage> {
  const head = await file.read(0, Math.min(SQUASHFS_MAGIC.length, file.size))
  if (isSquashfs(head)) {
    const reader = await openSquashfs(file)
    return {
      family: 'squashfs',
      filesAtOnce: SQUASHFS_FILES_AT_ONCE,
      members: () => reader.members(),
      find: async (path) => (await reader.lookup(path)) ?? undefined,
      close: () => file.close(),
    }
  }
  const family = await archiveFamily(file)
  const reader = family === 'tar' ? readTarImage(file) : readCpioImage(file)
  return { family, filesAtOnce: 1, members: () => reader.members(), ...streamFinder(reader, file) }
}

async function archiveFamily(file: OpenFile): Promise<'tar' | 'cpio'> {
  const outer = new ByteReader(file)
  const { reader, compressed } = await decompress(outer, new Budget(IMAGE_LIMITS))
  try {
    const head = await reader.peek(HEAD_BYTES)
    if (looksLikeTar(head)) return 'tar'
    if (looksLikeCpio(head)) return 'cpio'
    const hint = isSquashfs(head) ? 'Decompress it first: a squashfs is read at any place.' : 'It may be another file.'
    const what = isSquashfs(head) ? 'is a squashfs that was compressed once more' : 'is neither tar, cpio nor squashfs'
    throw new MrrlError('E_ARCHIVE', what, { fields: { compressed }, hint })
  } finally {
    if (reader !== outer) await reader.close()
    await outer.close()
  }
}

/** Looks for members of a stream from its start. Content can be read only while the stream stands at the member. */
function streamFinder(reader: ImageReader, file: OpenFile): Pick<OpenedImage, 'find' | 'close'> {
  const open = new Set<AsyncIterator<ImageMember>>()
  return {
    async find(path) {
      const members = reader.members()[Symbol.asyncIterator]()
      open.add(members)
      for (let next = await members.next(); next.done !== true; next = await members.next()) {
        if (next.value.path === path) return next.value
      }
      return undefined
    },
    async close() {
      for (const members of open) await members.return?.()
      await file.close()
    },
  }
}

/** Errors of members and their content name the image too. */
function named(path: string, image: OpenedImage): OpenedImage {
  const member = (one: ImageMember): ImageMember =>
    one.kind === 'file' ? { ...one, content: () => naming(path, one.content(), (piece) => piece) } : one
  return {
    ...image,
    members: () => naming(path, image.members(), member),
    async find(wanted) {
      try {
        const found = await image.find(wanted)
        return found === undefined ? undefined : member(found)
      } catch (error) {
        throw inArchive(path, error)
      }
    },
  }
}

/** Passes on what comes, each through `change`. A generator would do, but waits several times for each. */
function naming<T>(path: string, source: AsyncIterable<T>, change: (one: T) => T): AsyncIterable<T> {
  const fail = (error: unknown): never => {
    throw inArchive(path, error)
  }
  const passOn = (result: IteratorResult<T, unknown>): IteratorResult<T, unknown> =>
    result.done === true ? result : { done: false, value: change(result.value) }
  return {
    [Symbol.asyncIterator]() {
      const from = source[Symbol.asyncIterator]()
      return {
        next: () => from.next().then(passOn, fail),
        async return() {
          await from.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

function isSquashfs(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, SQUASHFS_MAGIC.length)).toString('latin1') === SQUASHFS_MAGIC
}
