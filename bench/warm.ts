import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

/**
 * How long a build takes that has nothing to do: `node bench/warm.ts x86_64`, after `mrrl build x86_64`.
 * Prints the median of ten runs, with Node's start, and of ten starts of Node that do nothing, in milliseconds.
 */
const profile = process.argv[2] ?? 'x86_64'
const RUNS = 10
const program = resolve(import.meta.dirname, '../bin/mrrl.js')

console.log(`mrrl build ${profile}: ${median([program, 'build', profile, '--quiet'])} ms`)
console.log(`node -e 0: ${median(['-e', '0'])} ms`)

function median(args: readonly string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const started = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return performance.now() - started
  })
  times.sort((a, b) => a - b)
  return Math.round(((times[RUNS / 2 - 1] ?? 0) + (times[RUNS / 2] ?? 0)) / 2)
}
