import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BuildReport } from '../../src/engine/report.ts'
import type { Lock } from '../../src/model/lock.ts'

/** The project's own folder. */
export const ROOT: string = resolve(import.meta.dirname, '../..')

/** How one run of the program differs from the usual. */
export interface RunOptions {
  readonly cwd: string
  /** Folder of the store; default: the user's. */
  readonly home?: string
  readonly env?: Readonly<Record<string, string>>
  readonly umask?: string
  /** Run as this user and group id; needs root. */
  readonly uid?: number
  /** Program and arguments that run it, such as `setarch -R`. */
  readonly prefix?: readonly string[]
}

/** What one run of the program printed, and how it ended. */
export interface RunResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `mrrl` as a user would. */
export function mrrl(args: readonly string[], options: RunOptions): RunResult {
  const user =
    options.uid === undefined ? [] : ['setpriv', `--reuid=${options.uid}`, `--regid=${options.uid}`, '--clear-groups']
  const argv = [...user, ...(options.prefix ?? []), process.execPath, resolve(ROOT, 'bin/mrrl.js'), ...args]
  const result = spawnSync('/bin/sh', ['-c', `umask ${options.umask ?? '022'}; exec "$@"`, 'sh', ...argv], {
    cwd: options.cwd,
    env: {
      ...process.env,
      ...(options.home === undefined ? {} : { MRRL_HOME: options.home }),
      ...options.env,
    },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}

/** Builds a profile and returns the report; throws with what was printed when it fails. */
export function build(profile: string, args: readonly string[], options: RunOptions): BuildReport {
  const { status, stdout, stderr } = mrrl(['build', profile, '--json', ...args], options)
  if (status !== 0) throw new Error(`mrrl build ${profile} ended with ${status}\n${stdout}\n${stderr}`)
  return JSON.parse(stdout)
}

/** The committed lock of a profile. */
export function lockOf(profile: string): Lock {
  return JSON.parse(readFileSync(resolve(ROOT, `locks/${profile}.lock.json`), 'utf8'))
}
