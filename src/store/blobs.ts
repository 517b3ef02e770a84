import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, copyFile, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Digest, digestOf, formatDigest, hashOf, makeDigest, sizeOf } from '../model/digest.ts'
import type { BlobReader } from '../model/image.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { diskError, publish, syncFolder, temporaryName } from './disk.ts'
import type { Layout } from './layout.ts'

/** Blobs carry one fixed time, so that `make` sees no file of a checkout as newer than another. */
export const BLOB_TIME = 1

/** Content by digest. Every read is verified; a blob that fails is removed, so that it is fetched or built again. */
export class BlobStore implements BlobReader {
  readonly #layout: Layout
  readonly #unsynced = new Set<string>()

  constructor(layout: Layout) {
    this.#layout = layout
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#find(digest)) !== undefined
  }

  /** Stores bytes at hand; costs one hash when they are there already. */
  async put(bytes: Uint8Array, executable = false): Promise<Digest> {
    const digest = digestOf(bytes)
    if (await exists(this.#layout.blob(digest, executable))) return digest
    await this.#write(executable, async (write) => {
      await write(bytes)
      return digest
    })
    return digest
  }

  /** Stores a stream; nothing becomes visible when it throws. */
  async putStream(chunks: AsyncIterable<Uint8Array>, executable = false): Promise<Digest> {
    return this.#write(executable, async (write) => {
      const hash = createHash('sha256')
      let size = 0
      for await (const chunk of chunks) {
        hash.update(chunk)
        size += chunk.length
        await write(chunk)
      }
      return makeDigest(hash.digest('hex'), size)
    })
  }

  /** Whole content; throws `E_STORE_CORRUPT` when it is missing or not what its name says. */
  async read(digest: Digest): Promise<Uint8Array> {
    const path = await this.#findOrThrow(digest)
    const bytes = await readFile(path)
    if (digestOf(bytes) !== digest) throw await this.#discard(digest)
    return bytes
  }

  /** Content in pieces; throws `E_STORE_CORRUPT` at the end when it is not what its name says. */
  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const path = await this.#findOrThrow(digest)
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
    if (`${hash.digest('hex')}/${size}` !== digest) throw await this.#discard(digest)
  }

  /** Path of a verified inode with the wanted executable bit, to link into a checkout. */
  async inode(digest: Digest, executable: boolean): Promise<string> {
    const path = this.#layout.blob(digest, executable)
    const found = await this.#findOrThrow(digest)
    if (!(await this.#isIntact(found, digest))) throw await this.#discard(digest)
    if (found !== path && !(await exists(path))) await this.#copyAs(found, path, executable)
    return path
  }

  /** Re-hashes a blob; removes it and answers false when it is damaged. */
  async verify(digest: Digest): Promise<boolean> {
    const path = await this.#find(digest)
    if (path === undefined) return false
    if (await this.#isIntact(path, digest)) return true
    await this.#discard(digest)
    return false
  }

  /** Makes the names of all blobs written so far durable. */
  async sync(): Promise<void> {
    const folders = [...this.#unsynced]
    this.#unsynced.clear()
    await Promise.all(folders.map(syncFolder))
  }

  async #write(
    executable: boolean,
    fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<Digest>,
  ): Promise<Digest> {
    const temporary = temporaryName(this.#layout.tmp, 'blob')
    try {
      const handle = await open(temporary, 'wx', executable ? 0o755 : 0o644)
      try {
        const digest = await fill(async (bytes) => {
          let at = 0
          while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten
        })
        await handle.chmod(executable ? 0o755 : 0o644)
        await handle.utimes(BLOB_TIME, BLOB_TIME)
        const path = this.#layout.blob(digest, executable)
        await publish(handle, temporary, path)
        this.#unsynced.add(dirname(path))
        return digest
      } finally {
        await handle.close().catch(() => undefined)
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw diskError(temporary, error)
    }
  }

  async #copyAs(from: string, path: string, executable: boolean): Promise<void> {
    const temporary = temporaryName(this.#layout.tmp, 'blob')
    try {
      await copyFile(from, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      const handle = await open(temporary, 'r')
      await handle.chmod(executable ? 0o755 : 0o644)
      await handle.utimes(BLOB_TIME, BLOB_TIME)
      await publish(handle, temporary, path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw diskError(path, error)
    }
  }

  async #isIntact(path: string, digest: Digest): Promise<boolean> {
    if ((await stat(path)).size !== sizeOf(digest)) return false
    const hash = createHash('sha256')
    if (sizeOf(digest) < 4 << 20) hash.update(await readFile(path))
    else for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
    return hash.digest('hex') === hashOf(digest)
  }

  async #find(digest: Digest): Promise<string | undefined> {
    for (const executable of [false, true]) {
      const path = this.#layout.blob(digest, executable)
      if (await exists(path)) return path
    }
    return undefined
  }

  async #findOrThrow(digest: Digest): Promise<string> {
    const path = await this.#find(digest)
    if (path !== undefined) return path
    throw corrupt(`the store has no blob ${formatDigest(digest)}`, digest)
  }

  async #discard(digest: Digest): Promise<MrrlError> {
    for (const executable of [false, true]) await rm(this.#layout.blob(digest, executable), { force: true })
    return corrupt(`a blob in the store was damaged and has been removed: ${formatDigest(digest)}`, digest)
  }
}

function corrupt(message: string, digest: Digest): MrrlError {
  return new MrrlError('E_STORE_CORRUPT', message, { fields: { blob: digest } })
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw diskError(path, error)
  }
}
