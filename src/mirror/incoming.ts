import { createReadStream } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FileStart, Keeper } from '../fetch/first-place.ts'
import { targetError } from '../formats/file-error.ts'
import { publish, syncFolder, temporaryName } from '../store/disk.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { INCOMING, type MirrorPath } from './layout.ts'

/** A start that is shorter than this is not worth a request of its own kind. */
const SHORTEST_START = 64 << 10

/**
 * Where files grow until they are right. What a program that was killed, or a connection that was cut, left here is the
 * start of the next try. Only one program may use it at a time.
 */
export class Incoming {
  readonly #mirror: string
  readonly #folder: string
  /** Names of starts that a download was based on. */
  readonly #tried = new Set<string>()

  /** @param mirror folder of the mirror */
  constructor(mirror: string) {
    this.#mirror = mirror
    this.#folder = join(mirror, INCOMING)
  }

  /** Keeps verified bytes as a file of the mirror, durably and under its name only when it is complete. */
  keeper(path: MirrorPath): Keeper<number> {
    return {
      keep: (pieces) => this.#write(path, pieces),
      start: () => this.#start(path),
    }
  }

  /** Removes the folder: with everything that is left, or only when it is empty. */
  async remove(withContent: boolean): Promise<void> {
    if (withContent) await rm(this.#folder, { recursive: true, force: true })
    else await rmdir(this.#folder).catch(() => undefined)
  }

  /** Returns the size in bytes. Throws what `pieces` throws, and `E_TARGET`. */
  async #write(path: MirrorPath, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    const target = join(this.#mirror, path)
    try {
      await mkdir(this.#folder, { recursive: true })
      const temporary = temporaryName(this.#folder, kindOf(path))
      const handle = await open(temporary, 'wx', 0o644)
      let size = 0
      try {
        for await (const piece of pieces) {
          for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten
          size += piece.length
        }
        await handle.chmod(0o644)
        await publish(handle, temporary, target)
      } catch (error) {
        await this.#keepStart(path, temporary, isWrong(error) ? 0 : size)
        throw error
      } finally {
        await handle.close().catch(() => undefined)
      }
      await syncFolder(dirname(target))
      await this.#forget(path)
      return size
    } catch (error) {
      throw targetError(target, error)
    }
  }

  /** The longest start of a file that is here; the others are removed. */
  async #start(path: MirrorPath): Promise<FileStart | undefined> {
    let longest: { readonly name: string; readonly size: number } | undefined
    for (const name of await this.#names(path)) {
      const stat = await lstat(join(this.#folder, name))
      if (stat.isFile() && stat.size > (longest?.size ?? 0)) longest = { name, size: stat.size }
    }
    await this.#forget(path, longest?.name)
    if (longest === undefined) return undefined
    const { name, size } = longest
    const pieces = (): AsyncIterable<Uint8Array> => {
      this.#tried.add(name)
      return createReadStream(join(this.#folder, name), {
        end: size - 1,
        highWaterMark: 1 << 20,
      }) as AsyncIterable<Buffer>
    }
    return { size, pieces }
  }

  /** After a failure: `size` bytes may be right and be of use later, 0 says that they, or what they began with, are not. */
  async #keepStart(path: MirrorPath, temporary: string, size: number): Promise<void> {
    if (size < SHORTEST_START) await rm(temporary, { force: true })
    if (size > 0) return
    for (const name of await this.#names(path)) if (this.#tried.has(name)) await rm(join(this.#folder, name))
  }

  async #forget(path: MirrorPath, but?: string): Promise<void> {
    for (const name of await this.#names(path)) {
      if (name !== but) await rm(join(this.#folder, name), { recursive: true, force: true })
    }
  }

  async #names(path: MirrorPath): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.startsWith(`${kindOf(path)}-`))
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return []
      throw error
    }
  }
}

/** Writes a small file of a mirror, under its name only when it is complete. Throws `E_TARGET`. */
export async function writeText(mirror: string, name: string, text: string): Promise<void> {
  const folder = join(mirror, INCOMING)
  const target = join(mirror, name)
  try {
    await mkdir(folder, { recursive: true })
    const temporary = temporaryName(folder, name)
    const handle = await open(temporary, 'wx', 0o644)
    try {
      await handle.writeFile(text)
      await chmod(temporary, 0o644)
      await publish(handle, temporary, target)
    } finally {
      await handle.close().catch(() => undefined)
    }
    await syncFolder(mirror)
  } catch (error) {
    throw targetError(target, error)
  }
}

function kindOf(path: MirrorPath): string {
  return path.replace('/', '-')
}

function isWrong(error: unknown): boolean {
  return error instanceof MrrlError && (error.code === 'E_INTEGRITY' || error.code === 'E_FETCH_SIZE')
}
