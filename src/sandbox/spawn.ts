import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { MrrlError } from '../util/errors.ts'
import type { SandboxExit, SandboxRequest } from './sandbox.ts'

/** Where the helpers of both back ends are found; the caller's PATH plays no part. */
export const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Limits for the whole tree, then the back end itself.
 * `--pdeathsig` ends the back end when this program dies in any way; the back end ends the tree.
 */
const PRELUDE = 'ulimit -c 0; ulimit -f 16777216; ulimit -n 4096 2>/dev/null || :; exec setpriv --pdeathsig KILL "$@"'

/** Starts a back end, waits for its end, and stops it on timeout or abort. */
export async function runBackEnd(argv: readonly string[], request: SandboxRequest): Promise<SandboxExit> {
  if (request.signal.aborted) return { outcome: 'aborted', status: 130, wallMs: 0, cpuMs: 0 }
  const started = performance.now()
  const personality = request.personality.length === 0 ? [] : ['setarch', ...request.personality]
  const child = start([...personality, ...argv], request.interactive)
  child.stdout?.on('data', request.onOutput)
  child.stderr?.on('data', request.onOutput)
  let outcome: SandboxExit['outcome'] | undefined
  const stop = (why: 'timed out' | 'aborted'): void => {
    outcome ??= why
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => stop('timed out'), request.timeoutMs)
  const onAbort = (): void => stop('aborted')
  request.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const end = await ended(child)
    outcome ??= end.signal === null && end.status < 128 ? 'exited' : 'killed'
    return { outcome, status: end.status, wallMs: Math.round(performance.now() - started), cpuMs: end.cpuMs }
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', onAbort)
  }
}

function start(argv: readonly string[], interactive: boolean): ChildProcess {
  const devNull = openSync('/dev/null', 'r')
  try {
    // One descriptor for both streams, or their lines would arrive out of order.
    return spawn('/bin/sh', ['-c', interactive ? PRELUDE : `exec 2>&1; ${PRELUDE}`, 'sh', ...argv], {
      env: { PATH: HOST_PATH },
      stdio: interactive ? 'inherit' : stdioWithoutInherited(devNull),
      // Its own process group: Ctrl-C reaches this program alone, which then ends the tree in an orderly way.
      detached: !interactive,
    })
  } finally {
    closeSync(devNull)
  }
}

/** Absolute path of a program of the host; throws `E_SANDBOX` when there is none. */
export function findProgram(name: string): string {
  const path = lookUpProgram(name)
  if (path !== undefined) return path
  throw new MrrlError('E_SANDBOX', `this machine has no ${name}`, {
    hint: `Install the package that holds ${name} (util-linux, coreutils or bubblewrap).`,
  })
}

/** As {@link findProgram}, but undefined when there is none. */
export function lookUpProgram(name: string): string | undefined {
  return HOST_PATH.split(':')
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path))
}

interface ChildEnd {
  readonly status: number
  readonly signal: NodeJS.Signals | null
  readonly cpuMs: number
}

function ended(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    let cpuMs = 0
    child.once('error', (cause) =>
      reject(new MrrlError('E_SANDBOX', `cannot start a shell: ${cause.message}`, { cause })),
    )
    child.once('exit', () => {
      cpuMs = takeChildTime()
    })
    child.once('close', (code, signal) => resolve({ status: code ?? 137, signal, cpuMs }))
  })
}

/** Descriptors that this process inherited would stay open in the tree; `/dev/null` takes their place. */
function stdioWithoutInherited(devNull: number): ('ignore' | 'pipe' | number)[] {
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe']
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name)
    if (fd <= 2 || isClosedOnExec(fd)) continue
    while (stdio.length < fd) stdio.push('ignore')
    stdio[fd] = devNull
  }
  return stdio
}

const O_CLOEXEC = 0o2000000

function isClosedOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
    return flags === null || (Number.parseInt(flags[1] ?? '0', 8) & O_CLOEXEC) !== 0
  } catch {
    return true // closed since it was listed: it was the listing itself
  }
}

let childTimeSeen = 0

/**
 * Milliseconds of processor time that ended children took since the last call. The kernel adds a tree's time to its
 * parent at the moment it is waited for (proc(5), cutime and cstime), so the difference belongs to the tree that
 * has just ended.
 */
function takeChildTime(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  const ticks = Number(fields[13]) + Number(fields[14])
  const total = ticks * 10 // USER_HZ is 100 on every architecture that Node runs on
  const taken = total - childTimeSeen
  childTimeSeen = total
  return taken
}
