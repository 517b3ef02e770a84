import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const PROGRAM = resolve(import.meta.dirname, '../../bin/mrrl.js')
const POLL_MS = 20

/** What one run of a command took. */
export interface Cost {
  readonly seconds: number
  /** Largest resident size of the process itself, in MB (10^6 bytes). */
  readonly megabytes: number
}

/** Runs `mrrl` as a user would, on the Node that runs the bench. */
export function mrrl(...args: readonly string[]): Promise<Cost> {
  return run(process.execPath, PROGRAM, ...args)
}

/** Runs a shell line. */
export function shell(line: string): Promise<Cost> {
  return run('/bin/sh', '-c', line)
}

/** Runs a program to its end; throws with what it printed when it fails. */
export async function run(program: string, ...args: readonly string[]): Promise<Cost> {
  const nowhere = openSync('/dev/null', 'w')
  const started = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', nowhere, 'pipe'] })
  closeSync(nowhere)
  const errors: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid ?? 0))
  }, POLL_MS)
  const status = await new Promise((done) => child.once('close', done))
  clearInterval(timer)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${errors.join('')}`)
  return { seconds: (performance.now() - started) / 1000, megabytes: peak }
}

/** Runs two commands alternately and returns the run of each that took the median time. */
export async function sideBySide(
  rounds: number,
  ours: () => Promise<Cost>,
  peer: () => Promise<Cost>,
): Promise<{ ours: Cost; peer: Cost }> {
  const costs: { ours: Cost[]; peer: Cost[] } = { ours: [], peer: [] }
  for (let round = 0; round < rounds; round++) {
    costs.ours.push(await ours())
    costs.peer.push(await peer())
  }
  return { ours: median(costs.ours), peer: median(costs.peer) }
}

function median(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((a, b) => a.seconds - b.seconds)
  return sorted[Math.floor(sorted.length / 2)] as Cost
}

function highWater(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6
  } catch {
    return 0
  }
}
