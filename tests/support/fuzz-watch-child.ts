import { workerData } from 'node:worker_threads'
import { keepCrasher, makeCase } from './fuzz.ts'
import { FUZZ_READERS } from './fuzz-readers.ts'

/** Watches from a thread of its own that the fuzzer goes from case to case; keeps the input of a case that hangs. */
interface Watched {
  readonly name: string
  readonly seed: number
  /** One 32-bit number: the case that is being read. */
  readonly current: SharedArrayBuffer
}

const EVERY_MS = 10_000

const { name, seed, current } = workerData as Watched
const cases = new Int32Array(current)
let last = -1

setInterval(async () => {
  const index = Atomics.load(cases, 0)
  if (index !== last) {
    last = index
    return
  }
  const reader = FUZZ_READERS[name]
  if (reader === undefined) return
  const path = keepCrasher(name, makeCase(reader, await reader.seeds(), seed, index))
  process.stderr.write(`${name}: case ${index} of seed ${seed} hangs; kept as ${path}\n`, () => {
    // Nothing else ends a thread that is in an endless loop.
    process.kill(process.pid, 'SIGKILL')
  })
}, EVERY_MS)
