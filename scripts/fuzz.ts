import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { fuzz, keepCrasher, tryInput } from '../tests/support/fuzz.ts'
import { FUZZ_READERS } from '../tests/support/fuzz-readers.ts'

/**
 * Reads changed images and looks for anything but an orderly refusal.
 *
 *   npm run fuzz -- <reader> [--seconds N] [--seed S] [--case N]
 *   npm run fuzz -- <reader> <file>
 *
 * The first form makes cases for N seconds (60), from case N of the seed on; an input that is read wrongly is kept in
 * `tests/regressions`. The second form reads one file.
 */
const root = resolve(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } },
})
const [name = '', file] = positionals
const reader = FUZZ_READERS[name]
if (reader === undefined) {
  console.error(
    `usage: npm run fuzz -- <reader> [--seconds N] [--seed S]\nreaders: ${Object.keys(FUZZ_READERS).join(' ')}`,
  )
  process.exitCode = 2
} else if (file !== undefined) {
  const outcome = await tryInput(reader, readFileSync(file))
  console.log(outcome)
  process.exitCode = outcome === 'accepted' || outcome === 'refused' ? 0 : 1
} else {
  const seconds = Number(values.seconds ?? 60)
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  const firstCase = Number(values.case ?? 0)
  console.log(`${name}: seed ${seed}, from case ${firstCase}, ${seconds} s`)

  const current = new SharedArrayBuffer(4)
  const cases = new Int32Array(current)
  const watch = new Worker(new URL('../tests/support/fuzz-watch-child.ts', import.meta.url), {
    workerData: { name, seed, current },
  })
  watch.unref()
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1000
  const result = await fuzz(reader, {
    seed,
    firstCase,
    goesOn: () => elapsed() < seconds,
    starts: (index) => void Atomics.store(cases, 0, index),
  })
  await watch.terminate()

  for (const { index, why, input } of result.failures) {
    const path = relative(root, keepCrasher(name, input))
    console.error(`case ${index}: ${why}\n  again with: npm run fuzz -- ${name} ${path}`)
  }
  const rate = Math.round(result.cases / elapsed())
  const memory = Math.round(result.memory / 2 ** 20)
  console.log(
    `${result.cases} cases, ${rate} a second, ${result.accepted} accepted, ${memory} MiB, ${result.failures.length} failures`,
  )
  process.exitCode = result.failures.length > 0 ? 1 : 0
}
