import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SandboxName } from '../../src/sandbox/sandbox.ts'
import { ROOT } from './mrrl.ts'
import type { SandboxAnswer, SandboxOrder } from './sandbox-child.ts'
import { missing, missingRoot } from './tools.ts'

/** Who runs a sandbox: the user of the test run, or one without any rights. */
export type Runner = 'this user' | 'an ordinary user'

/** Any id but root's; no account needs to have it. */
const ORDINARY = 54_321

const CHILD = join(ROOT, 'tests/support/sandbox-child.ts')

/** Why a back end cannot be tried by a runner here, or null. */
export function missingSandbox(backEnd: SandboxName, runner: Runner): string | null {
  if (backEnd === 'bwrap' && missing('bwrap') !== null) return missing('bwrap')
  if (runner === 'this user') return null
  if (missingRoot() !== null) return 'needs root to become an ordinary user'
  const [program = '', ...args] = commandFor(runner, ['-e', `require('fs').accessSync(${JSON.stringify(CHILD)})`])
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? null : 'other users cannot read this folder'
}

/** Runs a program in a sandbox and returns what became of it. `fds` are open in the process that makes the sandbox. */
export async function inSandbox(
  runner: Runner,
  order: SandboxOrder,
  fds: readonly number[] = [],
): Promise<SandboxAnswer> {
  const child = startSandbox(runner, order, fds)
  let [output, errors] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  await once(child, 'close')
  if (output === '') throw new Error(errors)
  return JSON.parse(output)
}

/** Starts a process that runs a program in a sandbox; see `sandbox-child.ts` for what it prints. */
export function startSandbox(runner: Runner, order: SandboxOrder, fds: readonly number[] = []): ChildProcess {
  const [program = '', ...args] = commandFor(runner, [CHILD, JSON.stringify(order)])
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    env: { ...process.env, SECRET: 'of the host' },
  })
}

/** Process ids whose command line holds `mark`. */
export function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
    } catch {
      return false // it has ended meanwhile
    }
  })
}

/** Waits until no process has `mark` in its command line; throws after two seconds. */
export async function untilGone(mark: string): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    if (processesWith(mark).length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`still there: ${processesWith(mark).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1'))}`)
}

function commandFor(runner: Runner, args: readonly string[]): string[] {
  const ids = ['setpriv', `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups']
  return [...(runner === 'this user' ? [] : ids), process.execPath, ...args]
}
