import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readFile, rm } from 'node:fs/promises'
import { type Digest, parseDigest } from '../model/digest.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { parseResult } from './actions.ts'
import type { Store } from './store.ts'
import { dropCheckouts } from './sweep.ts'
import { isTree, listTwoLevels } from './walk.ts'

/** A file of the store that was damaged, and has been removed. */
export interface Damage {
  /** Path below the store's folder. */
  readonly path: string
  readonly problem: string
}

/** What one step of the verification looked at. */
export interface VerifyStep {
  readonly name: string
  readonly checked: number
  readonly damaged: readonly Damage[]
}

/** The whole verification. */
export interface VerifyReport {
  readonly steps: readonly VerifyStep[]
  /** Bytes that were hashed. */
  readonly bytes: number
}

/** How many files are hashed at once. */
const AT_ONCE = 4

/** Called now and then with what has been done. */
export type OnVerified = (step: string, done: number, total: number) => void

/**
 * Checks every byte of the store. What is damaged is removed together with the records that need it, so that the next
 * build fetches or builds it again. Call it as a user of the store (`useStore`).
 */
export async function verifyStore(store: Store, onVerified: OnVerified = () => undefined): Promise<VerifyReport> {
  const run = new Verification(store)
  const steps: VerifyStep[] = []
  for (const { name, files, check } of STEPS) {
    const paths = await listTwoLevels(files(store))
    const damaged: Damage[] = []
    let checked = 0
    await mapLimited(paths, AT_ONCE, async (path) => {
      const problem = await check(run, path)
      if (problem !== undefined) {
        await rm(path, { recursive: true, force: true })
        damaged.push({ path: path.slice(store.layout.root.length + 1), problem })
      }
      onVerified(name, ++checked, paths.length)
    })
    steps.push({ name, checked, damaged: damaged.sort((a, b) => (a.path < b.path ? -1 : 1)) })
  }
  // Their files are further names of the blobs, so damage is in both.
  if (steps.some(({ damaged }) => damaged.length > 0)) await dropCheckouts(store)
  return { steps, bytes: run.bytes }
}

interface Step {
  readonly name: string
  readonly files: (store: Store) => string
  /** What is wrong with one file; undefined when nothing is. */
  readonly check: (run: Verification, path: string) => Promise<string | undefined>
}

/** In this order: a record is whole when the blobs that are left hold what it names. */
const STEPS: readonly Step[] = [
  { name: 'blobs', files: ({ layout }) => layout.blobs, check: (run, path) => run.checkBlob(path) },
  { name: 'actions', files: ({ layout }) => layout.actions, check: (run, path) => run.checkAction(path) },
  { name: 'aliases', files: ({ layout }) => layout.aliases, check: (run, path) => run.checkAlias(path) },
]

class Verification {
  bytes = 0
  readonly #store: Store
  readonly #trees = new Map<Digest, Promise<string | undefined>>()

  constructor(store: Store) {
    this.#store = store
  }

  async checkBlob(path: string): Promise<string | undefined> {
    const { problem, bytes } = await inspectBlob(path)
    this.bytes += bytes
    return problem
  }

  async checkAction(path: string): Promise<string | undefined> {
    const result = parseResult(await readFile(path, 'utf8'))
    if (result === undefined) return 'is torn or was altered'
    if (!(await this.#store.blobs.has(result.log))) return `names a log that is gone: ${result.log}`
    return this.#checkTree(result.output)
  }

  /** An alias may name an archive or a tree: what reads as a directory is one. */
  async checkAlias(path: string): Promise<string | undefined> {
    const digest = toDigest((await readFile(path, 'utf8')).trimEnd())
    if (digest === undefined) return 'is not a digest'
    if (!(await this.#store.blobs.has(digest))) return `names content that is gone: ${digest}`
    return (await isTree(this.#store, digest)) ? this.#checkTree(digest) : undefined
  }

  #checkTree(digest: Digest): Promise<string | undefined> {
    const known = this.#trees.get(digest)
    if (known !== undefined) return known
    const checking = this.#checkTreeOnce(digest)
    this.#trees.set(digest, checking)
    return checking
  }

  async #checkTreeOnce(digest: Digest): Promise<string | undefined> {
    try {
      const { files, directories } = await this.#store.trees.directory(digest)
      for (const file of files) {
        if (!(await this.#store.blobs.has(file.digest)))
          return `names a file that is gone: ${file.name}, ${file.digest}`
      }
      for (const directory of directories) {
        const problem = await this.#checkTree(directory.digest)
        if (problem !== undefined) return problem
      }
      return undefined
    } catch (error) {
      if (error instanceof MrrlError && error.code === 'E_STORE_CORRUPT') return `names a tree: ${error.message}`
      throw error
    }
  }
}

/** Hashes a blob, and changes nothing. `problem` is undefined for one that is whole. */
export async function inspectBlob(path: string): Promise<{ problem: string | undefined; bytes: number }> {
  const [, start = '', rest = '', executable] = /([0-9a-f]{2})\/([0-9a-f]{62})(\.x)?$/.exec(path) ?? []
  const info = await lstat(path)
  if (start === '' || !info.isFile()) return { problem: 'is not a blob', bytes: 0 }
  const [mode, wanted] = [info.mode & 0o7777, executable === undefined ? 0o644 : 0o755]
  if (mode !== wanted) return { problem: `has mode ${mode.toString(8)} instead of ${wanted.toString(8)}`, bytes: 0 }
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  const found = hash.digest('hex')
  const problem = found === start + rest ? undefined : `holds bytes with the hash ${found}`
  return { problem, bytes: info.size }
}

function toDigest(text: string): Digest | undefined {
  try {
    return parseDigest(text)
  } catch {
    return undefined
  }
}
