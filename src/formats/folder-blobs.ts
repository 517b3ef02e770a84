import { closeSync, openSync, read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { type Digest, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { sourceError } from './file-error.ts'
import { READ_FLAGS } from './file-hash.ts'
import type { KeptFiles } from './kept-files.ts'

/** Bytes per piece of a stream. */
const PIECE = 2 ** 20

interface Origin {
  /** Below the folder. */
  readonly path: string
  readonly crc32: number
}

/**
 * Content of files by digest, read from where they were found unless it was kept. Each is compared by size and CRC-32
 * with what it was when it was hashed; `E_SOURCE_CHANGED` when it is no longer that.
 */
export class FolderBlobs implements BlobReader {
  readonly #folder: string
  readonly #kept: KeptFiles
  readonly #origins = new Map<Digest, Origin>()

  /** What was kept when it was hashed is not read again. */
  constructor(folder: string, kept: KeptFiles) {
    this.#folder = folder
    this.#kept = kept
  }

  /** Says which path below the folder has the content of a digest; of equal files the first is read. */
  add(digest: Digest, path: string, crc: number): void {
    if (!this.#origins.has(digest)) this.#origins.set(digest, { path, crc32: crc })
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const kept = this.#kept.get(digest)
    if (kept !== undefined) return kept
    const origin = this.#originOf(digest)
    const size = sizeOf(digest)
    if (size > PIECE) return this.#readLarge(digest)
    // Small files are read at once: a way through the thread pool costs several times the call itself.
    return withFile(origin.path, (file) => {
      const bytes = Buffer.allocUnsafeSlow(size + 1)
      let count = 0
      for (let last = -1; count <= size && last !== 0; count += last) {
        last = readSync(file, bytes, count, size + 1 - count, count)
      }
      const content = bytes.subarray(0, size)
      if (count !== size || crc32(content) !== origin.crc32) throw changed(origin.path)
      return content
    })
  }

  async #readLarge(digest: Digest): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(sizeOf(digest))
    let done = 0
    for await (const piece of this.stream(digest)) {
      bytes.set(piece, done)
      done += piece.length
    }
    return bytes
  }

  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const kept = this.#kept.get(digest)
    if (kept !== undefined) {
      if (kept.length > 0) yield kept
      return
    }
    const { path, crc32: expected } = this.#originOf(digest)
    const size = sizeOf(digest)
    const file = openFile(path)
    let crc = 0
    let next: Promise<Uint8Array> | undefined
    try {
      next = readPiece(file, 0)
      for (let done = 0; ; ) {
        const piece = await next
        if (piece.length === 0 && done === size) break
        done += piece.length
        if (piece.length === 0 || done > size) throw changed(path)
        next = readPiece(file, done)
        crc = crc32(piece, crc)
        if (done === size && crc !== expected) throw changed(path)
        yield piece
      }
    } catch (error) {
      throw readError(path, error)
    } finally {
      // The file must stay open as long as a read is under way.
      await next?.catch(() => undefined)
      closeSync(file)
    }
  }

  #originOf(digest: Digest): Origin {
    const origin = this.#origins.get(digest)
    if (origin === undefined) throw new MrrlError('E_INTERNAL', `no file has the digest ${digest}`)
    return { ...origin, path: `${this.#folder}/${origin.path}` }
  }
}

async function readPiece(file: number, position: number): Promise<Uint8Array> {
  // A buffer of its own: the receiver may keep it.
  const buffer = Buffer.allocUnsafeSlow(PIECE)
  const { bytesRead } = await promisify(read)(file, buffer, 0, PIECE, position)
  return buffer.subarray(0, bytesRead)
}

function withFile<T>(path: string, body: (file: number) => T): T {
  const file = openFile(path)
  try {
    return body(file)
  } catch (error) {
    throw readError(path, error)
  } finally {
    closeSync(file)
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, READ_FLAGS)
  } catch (error) {
    throw readError(path, error)
  }
}

function readError(path: string, error: unknown): unknown {
  return isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO', 'ESPIPE')
    ? changed(path)
    : sourceError(path, error)
}

/** The file is no longer what it was when it was hashed. */
export function changed(path: string): MrrlError {
  return new MrrlError('E_SOURCE_CHANGED', `${path} changed while the folder was packed`, { fields: { path } })
}
