import { Worker } from 'node:worker_threads'
import type { FileHash } from './file-hash.ts'
import type { HashAnswer } from './hash-worker.ts'

/** The compiled package holds no `.ts` files. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js', import.meta.url)

interface Task {
  readonly path: string
  readonly done: (hash: FileHash) => void
  readonly fail: (error: unknown) => void
}

/** Hashes large files on threads of its own, one file per thread at a time; threads start when they are needed. */
export class HashPool {
  readonly #threads: number
  readonly #idle: Worker[] = []
  readonly #workers: Worker[] = []
  readonly #queue: Task[] = []

  constructor(threads: number) {
    this.#threads = threads
  }

  /** Rejects with what the system says of the file. */
  hash(path: string): Promise<FileHash> {
    const result = new Promise<FileHash>((done, fail) => this.#queue.push({ path, done, fail }))
    this.#next()
    return result
  }

  /** Ends all threads; what they were hashing is never answered. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #next(): void {
    if (this.#queue.length === 0) return
    const worker = this.#idle.pop() ?? (this.#workers.length < this.#threads ? this.#start() : undefined)
    const task = worker === undefined ? undefined : this.#queue.shift()
    if (worker === undefined || task === undefined) return
    const onError = (error: unknown): void => task.fail(error)
    worker.once('error', onError)
    worker.once('message', (answer: HashAnswer) => {
      worker.off('error', onError)
      this.#idle.push(worker)
      if ('hash' in answer) task.done(answer.hash)
      else task.fail(Object.assign(new Error(answer.failure.message), answer.failure))
      this.#next()
    })
    worker.postMessage(task.path)
  }

  #start(): Worker {
    const worker = new Worker(WORKER)
    this.#workers.push(worker)
    return worker
  }
}
