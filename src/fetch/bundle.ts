import { basename } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { inArchive } from '../archive/archive-error.ts'
import { ByteReader } from '../archive/byte-reader.ts'
import { decompress } from '../archive/decompress.ts'
import { Budget, IMAGE_LIMITS } from '../archive/limits.ts'
import { readTar } from '../archive/tar-reader.ts'
import { MrrlError } from '../util/errors.ts'
import { readLocal } from './read-local.ts'

/** Takes the content of a file; what it leaves unread is passed over. */
type Use<T> = (content: AsyncIterable<Uint8Array>) => Promise<T>

/** Somebody who waits for a file. */
interface Ask {
  readonly give: (content: AsyncIterable<Uint8Array>) => Promise<void>
  readonly fail: (error: unknown) => void
}

/**
 * A mirror in one file: a tar of the folder, compressed or not, at whatever depth. It can only be read from its start,
 * so one pass serves all that ask while it runs. Its index is not looked at: only names, and hashes by whoever reads.
 */
export class Bundle {
  readonly path: string
  readonly #asked = new Map<string, Ask[]>()
  #isReading = false

  /** @param path of the file, absolute */
  constructor(path: string) {
    this.path = path
  }

  /**
   * Calls `use` with the content of the file `<algorithm>/<hex>` and returns what it returns. Throws `E_FETCH` when the
   * bundle has no such file, cannot be read, or is damaged before it, and what `use` throws.
   */
  read<T>(name: string, use: Use<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const give = (content: AsyncIterable<Uint8Array>): Promise<void> =>
        use(content).then(resolve, (error) => reject(this.#asPlaceError(error)))
      this.#asked.set(name, [...(this.#asked.get(name) ?? []), { give, fail: reject }])
      if (!this.#isReading) void this.#readAll()
    })
  }

  /** Passes until nobody waits. Whoever came during a pass may have missed the file and waits for the next. */
  async #readAll(): Promise<void> {
    this.#isReading = true
    await turn() // whoever asks together is served together
    while (this.#asked.size > 0) {
      const before = [...this.#asked].flatMap(([name, asks]) => asks.map((ask) => ({ name, ask })))
      const given = new Set<string>()
      const failure = await this.#pass(given).catch((error: unknown) => this.#asPlaceError(error))
      for (const { name, ask } of before) {
        // Of several that ask for one file, each is served by a pass of its own.
        if (given.has(name) && failure === undefined) continue
        if (this.#remove(name, ask)) ask.fail(failure ?? new MrrlError('E_FETCH', 'not there'))
      }
    }
    this.#isReading = false
  }

  /** Reads the bundle from its start, until nobody waits; adds the names of what it gave. */
  async #pass(given: Set<string>): Promise<undefined> {
    const file = readLocal(this.path)
    try {
      const { reader } = await decompress(new ByteReader(file), new Budget(IMAGE_LIMITS))
      try {
        for await (const entry of readTar(reader, IMAGE_LIMITS)) {
          if (entry.kind !== 'file') continue
          const name = entry.path.split('/').slice(-2).join('/')
          const ask = this.#asked.get(name)?.[0]
          if (ask === undefined) continue
          this.#remove(name, ask)
          given.add(name)
          await ask.give(entry.content.pieces())
          if (this.#asked.size === 0) break
        }
      } finally {
        await reader.close()
      }
    } finally {
      await file.return(undefined)
    }
  }

  #remove(name: string, ask: Ask): boolean {
    const asks = this.#asked.get(name) ?? []
    const others = asks.filter((one) => one !== ask)
    if (others.length > 0) this.#asked.set(name, others)
    else this.#asked.delete(name)
    return others.length < asks.length
  }

  /** Damage is a reason to try the next place, as in every other. */
  #asPlaceError(error: unknown): unknown {
    if (!(error instanceof MrrlError) || !error.code.startsWith('E_ARCHIVE')) return error
    const named = inArchive(basename(this.path), error)
    return new MrrlError('E_FETCH', named instanceof Error ? named.message : '', { cause: error })
  }
}
