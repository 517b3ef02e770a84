import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { RandomAccess } from '../model/image-reader.ts'
import { MrrlError } from '../util/errors.ts'
import { sourceError } from './file-error.ts'

/** An image file that is open for reading. */
export interface OpenFile extends RandomAccess {
  close(): Promise<void>
}

const HINT = 'Name an image: a file in tar, cpio or squashfs format.'
/** Small reads fetch a window of this many bytes; metadata is read in pieces of a few. */
const WINDOW = 2 ** 17
/** Windows kept: tables, directories and fragments are read side by side. */
const WINDOWS = 32

/** Opens a regular file; throws `E_SOURCE`. */
export async function openFile(path: string): Promise<OpenFile> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    throw sourceError(path, error, HINT)
  }
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new MrrlError('E_SOURCE', `${path} is not a file`, { fields: { path }, hint: HINT })
    return new CachedFile(path, handle, stat.size)
  } catch (error) {
    await handle.close()
    throw sourceError(path, error)
  }
}

class CachedFile implements OpenFile {
  readonly size: number
  readonly #path: string
  readonly #handle: FileHandle
  /** By number, the one used last at the end. */
  readonly #windows = new Map<number, Uint8Array>()

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path
    this.#handle = handle
    this.size = size
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size) throw this.#cutOff(offset, length)
    const number = Math.floor(offset / WINDOW)
    const start = offset - number * WINDOW
    if (start + length <= WINDOW && length < WINDOW / 2) return this.#window(number).subarray(start, start + length)
    return this.#readLarge(offset, length)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  #window(number: number): Uint8Array {
    const known = this.#windows.get(number)
    if (known !== undefined) {
      this.#windows.delete(number)
      this.#windows.set(number, known)
      return known
    }
    const offset = number * WINDOW
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW, this.size - offset))
    try {
      // Without the thread pool, whose way is longer than the call.
      for (let done = 0; done < window.length; ) {
        const count = readSync(this.#handle.fd, window, done, window.length - done, offset + done)
        if (count === 0) throw this.#cutOff(offset, window.length)
        done += count
      }
    } catch (error) {
      throw sourceError(this.#path, error)
    }
    this.#windows.set(number, window)
    if (this.#windows.size > WINDOWS) this.#windows.delete(this.#windows.keys().next().value as number)
    return window
  }

  async #readLarge(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length)
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) throw this.#cutOff(offset, length)
        done += bytesRead
      }
    } catch (error) {
      throw sourceError(this.#path, error)
    }
    return bytes
  }

  #cutOff(offset: number, length: number): MrrlError {
    return new MrrlError('E_ARCHIVE', `${this.#path} is cut off: ${length} bytes are due at ${offset}`, {
      fields: { archive: this.#path, offset, length, size: this.size },
    })
  }
}
