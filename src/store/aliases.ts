import { readFile, rm } from 'node:fs/promises'
import { type Digest, digestOf, hashOf, parseDigest } from '../model/digest.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { diskError, writeAtomic } from './disk.ts'
import type { Layout } from './layout.ts'

/** Remembers that what is known by some name (an integrity, an unpacking) is a certain blob. */
export class AliasStore {
  readonly #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  async get(name: string): Promise<Digest | undefined> {
    const path = this.#path(name)
    try {
      return parseDigest((await readFile(path, 'utf8')).trimEnd())
    } catch (error) {
      if (isErrno(error, 'ENOENT') || error instanceof MrrlError) return undefined
      throw diskError(path, error)
    }
  }

  async put(name: string, digest: Digest): Promise<void> {
    await writeAtomic(this.#path(name), `${digest}\n`, this.#layout.tmp)
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true })
  }

  #path(name: string): string {
    return this.#layout.alias(hashOf(digestOf(Buffer.from(name))))
  }
}
