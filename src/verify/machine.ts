import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { openSandbox } from '../sandbox/probe.ts'
import { SANDBOX_NAMES, type SandboxName } from '../sandbox/sandbox.ts'
import { lookUpProgram } from '../sandbox/spawn.ts'
import { MrrlError } from '../util/errors.ts'

/** What the command line knows of the process and its machine. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly processors: number
  /** User id of this process. */
  readonly uid: number
  /** Folder for temporary files. */
  readonly temporary: string
  /** Program and first arguments of a child process that performs a round. */
  readonly program: readonly string[]
}

/** What this machine allows to vary. Each `…Refusal` is '' where it can be done, else says why not. */
export interface Machine {
  readonly isRoot: boolean
  readonly processors: number
  /** Bytes of memory that are free. */
  readonly memory: number
  readonly sandboxes: readonly SandboxName[]
  readonly namespaceRefusal: string
  readonly userRefusal: string
  readonly placeRefusal: string
  readonly cpuRefusal: string
  readonly aslrRefusal: string
  readonly kernelRefusal: string
  /** Path of libfaketime; '' where it is not installed. */
  readonly fakeTime: string
}

/** User and group that no account has: what a build gives them is theirs alone. */
export const OTHER_USER = 47_113

/** Words that make namespaces in which the host name can be changed and a filesystem mounted. */
export function namespaceWords(isRoot: boolean): string[] {
  return [
    ...['unshare', '--mount', '--uts', '--propagation', 'private'],
    ...(isRoot ? [] : ['--user', '--map-root-user']),
  ]
}

/** Finds out by trying. `readable` must be readable for another user who is to perform a round. */
export async function probeMachine(host: Host, readable: readonly string[]): Promise<Machine> {
  const isRoot = host.uid === 0
  const folder = mkdtempSync(join(host.temporary, 'mrrl-probe-'))
  try {
    const sandboxes = await workingSandboxes(join(folder, 'staging'))
    const namespace = namespaceWords(isRoot)
    const mount = ['/bin/sh', '-c', 'hostname probe && mount -n -t tmpfs -o size=1m probe "$1"', 'sh', folder]
    return {
      isRoot,
      processors: host.processors,
      memory: freemem(),
      sandboxes,
      namespaceRefusal: refusal([...namespace, ...mount]),
      userRefusal: isRoot ? otherUserRefusal(host, readable, folder) : refusal([...namespace, 'true']),
      placeRefusal: placeRefusal(folder),
      cpuRefusal: refusal(['taskset', '-c', '0', 'true']),
      aslrRefusal: refusal(['setarch', '-R', 'true']),
      kernelRefusal: refusal(['setarch', '--uname-2.6', 'true']),
      fakeTime: findFakeTime(),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Words that run a program as {@link OTHER_USER}. */
export const OTHER_USER_WORDS: readonly string[] = [
  ...['setpriv', `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, '--clear-groups'],
]

function otherUserRefusal(host: Host, readable: readonly string[], folder: string): string {
  chmodSync(folder, 0o755)
  const [program = '', ...words] = host.program
  for (const path of [program, ...words.filter((word) => word.startsWith('/')), ...readable]) {
    if (refusal([...OTHER_USER_WORDS, 'test', '-r', path]) !== '') return `another user cannot read ${path}`
  }
  const why = refusal([...OTHER_USER_WORDS, 'unshare', '--user', '--map-root-user', 'true'])
  return why === '' ? '' : `another user cannot make a sandbox: ${why}`
}

function placeRefusal(folder: string): string {
  const script = join(folder, 'script')
  writeFileSync(script, '#!/bin/sh\nexit 0\n')
  chmodSync(script, 0o755)
  return refusal([script]) === '' ? '' : 'programs in the temporary folder may not be run'
}

async function workingSandboxes(staging: string): Promise<SandboxName[]> {
  mkdirSync(staging)
  const working: SandboxName[] = []
  for (const name of SANDBOX_NAMES) {
    try {
      working.push((await openSandbox(name, staging)).name)
    } catch (error) {
      if (!(error instanceof MrrlError)) throw error
    }
  }
  return working
}

/** Runs a program; '' when it ends well, else what it said. */
function refusal(words: readonly string[]): string {
  const [name = '', ...args] = words
  const program = name.startsWith('/') ? name : lookUpProgram(name)
  if (program === undefined) return `not installed: ${name}`
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
  if (status === 0) return ''
  return (error?.message ?? stderr).trim().split('\n')[0] || `${name} ended with ${status}`
}

function findFakeTime(): string {
  const folders = [
    '/usr/lib/faketime',
    '/usr/lib64/faketime',
    '/usr/local/lib/faketime',
    ...globSync('/usr/lib/*/faketime'),
  ]
  return folders.map((path) => join(path, 'libfaketime.so.1')).find((path) => existsSync(path)) ?? ''
}
