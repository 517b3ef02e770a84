import { readFile, rm } from 'node:fs/promises'
import { type Digest, digestOf, parseDigest } from '../model/digest.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import type { BlobStore } from './blobs.ts'
import { diskError, writeAtomic } from './disk.ts'
import type { Layout } from './layout.ts'

/** What one finished action left behind. */
export interface ActionResult {
  readonly name: string
  /** Root of the output. */
  readonly output: Digest
  /** Everything the step printed. */
  readonly log: Digest
  /** How long it ran, in milliseconds of wall time and of processor time. */
  readonly wallMs: number
  readonly cpuMs: number
}

/** Results by action key. A record that is torn or altered is ignored: the action runs again. */
export class ActionStore {
  readonly #layout: Layout
  readonly #blobs: BlobStore

  constructor(layout: Layout, blobs: BlobStore) {
    this.#layout = layout
    this.#blobs = blobs
  }

  async get(key: Digest): Promise<ActionResult | undefined> {
    let text: string
    try {
      text = await readFile(this.#layout.action(key), 'utf8')
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw diskError(this.#layout.action(key), error)
    }
    return parseResult(text)
  }

  /** Records a result after everything it names is durable. */
  async put(key: Digest, result: ActionResult): Promise<void> {
    await this.#blobs.sync()
    await writeAtomic(this.#layout.action(key), formatResult(result), this.#layout.tmp)
  }

  /** Forgets a result, so that the action runs again. */
  async remove(key: Digest): Promise<void> {
    await rm(this.#layout.action(key), { force: true })
  }
}

function formatResult(result: ActionResult): string {
  const body = canonicalJson({ ...result })
  return `${checksum(body)} ${body}\n`
}

/** Undefined when the line is not what {@link formatResult} wrote. */
export function parseResult(text: string): ActionResult | undefined {
  const space = text.indexOf(' ')
  const body = text.slice(space + 1, -1)
  if (space < 0 || !text.endsWith('\n') || checksum(body) !== text.slice(0, space)) return undefined
  try {
    const { name, output, log, wallMs, cpuMs } = JSON.parse(body)
    return { name, output: parseDigest(output), log: parseDigest(log), wallMs, cpuMs }
  } catch (error) {
    if (error instanceof MrrlError || error instanceof SyntaxError) return undefined
    throw error
  }
}

function checksum(body: string): string {
  return digestOf(Buffer.from(body)).slice(0, 16)
}
