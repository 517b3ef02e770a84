import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { MrrlError } from '../../src/util/errors.ts'
import type { FuzzReader } from './fuzz-readers.ts'
import { mutate, randomOf } from './mutate.ts'

/** Inputs that were once read wrongly: one folder per reader. */
export const REGRESSIONS: string = resolve(import.meta.dirname, '../regressions')

/** What a run of the fuzzer found. */
export interface FuzzResult {
  readonly cases: number
  /** Cases that were read without an error. */
  readonly accepted: number
  /** Most resident memory that was seen, in bytes. */
  readonly memory: number
  readonly failures: readonly FuzzFailure[]
}

/** An input that is read wrongly. */
export interface FuzzFailure {
  readonly index: number
  readonly why: string
  readonly input: Uint8Array
}

/** When to stop, and whom to tell. */
export interface FuzzRun {
  readonly seed: number
  readonly firstCase: number
  /** Asked before each case. */
  readonly goesOn: (result: FuzzResult) => boolean
  /** Told before each case, so that somebody can see a hang. */
  readonly starts: (index: number) => void
}

/** However little it works, no input may take so many times the limit. */
const PATIENCE = 10
const MOST_MS_PER_MIB = 1000
const MOST_MEMORY = 2 ** 30
const MOST_FAILURES = 10
const MEMORY_EVERY = 256

/** Reads changed seeds until the run is over; only errors with a code of archives may come out. */
export async function fuzz(reader: FuzzReader, run: FuzzRun): Promise<FuzzResult> {
  const seeds = await reader.seeds()
  for (const seed of seeds) await reader.read(seed)
  const failures: FuzzFailure[] = []
  const result = { cases: 0, accepted: 0, memory: 0, failures }
  for (let index = run.firstCase; run.goesOn(result) && failures.length < MOST_FAILURES; index++) {
    run.starts(index)
    const input = makeCase(reader, seeds, run.seed, index)
    const why = await tryInput(reader, input)
    result.cases++
    if (why === 'accepted') result.accepted++
    else if (why !== 'refused') failures.push({ index, why, input })
    if (result.cases % MEMORY_EVERY !== 0) continue
    // Without a turn of the event loop nothing that Node puts off to the next tick is ever freed.
    await setImmediate()
    const memory = process.memoryUsage.rss()
    result.memory = Math.max(result.memory, memory)
    if (memory > MOST_MEMORY) failures.push({ index, why: `${memory} bytes of memory`, input })
  }
  return result
}

/** The input of a case. */
export function makeCase(reader: FuzzReader, seeds: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = randomOf(seed, index)
  return reader.repair(mutate(seeds, random), random)
}

/** Reads an input: `accepted`, `refused`, or what is wrong. */
export async function tryInput(reader: FuzzReader, input: Uint8Array): Promise<string> {
  const started = performance.now()
  const busy = process.cpuUsage()
  let outcome = 'accepted'
  try {
    await reader.read(input)
  } catch (error) {
    outcome = error instanceof MrrlError && error.code.startsWith('E_ARCHIVE') ? 'refused' : explain(error)
  }
  // Both: on a busy machine a moment's work may wait for seconds, and sleeping is no better than working.
  const elapsed = performance.now() - started
  const { user, system } = process.cpuUsage(busy)
  const limit = MOST_MS_PER_MIB * Math.max(1, input.length / 2 ** 20)
  const isSlow = elapsed > limit && ((user + system) / 1000 > limit || elapsed > PATIENCE * limit)
  return isSlow ? `takes ${Math.round(elapsed)} ms` : outcome
}

/** Keeps an input among the regressions; returns its path. */
export function keepCrasher(name: string, input: Uint8Array): string {
  const folder = join(REGRESSIONS, name)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`)
  writeFileSync(path, input)
  return path
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
