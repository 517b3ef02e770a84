import { existsSync, readFileSync } from 'node:fs'
import { MrrlError } from '../util/errors.ts'
import { bwrapSandbox } from './bwrap.ts'
import type { Sandbox, SandboxName } from './sandbox.ts'
import { lookUpProgram } from './spawn.ts'
import { unshareSandbox } from './unshare.ts'

const BACK_ENDS: Readonly<Record<SandboxName, Sandbox>> = { unshare: unshareSandbox, bwrap: bwrapSandbox }

/** Host folders that a probe shows to the sandbox, so that `/bin/sh` runs in it. */
const HOST_FOLDERS = ['/usr', '/bin', '/lib', '/lib32', '/lib64', '/libx32']

const PROBE_HOST_NAME = 'mrrl'

/**
 * The wanted back end, or the first that works: `unshare`, then `bwrap`.
 * Throws `E_SANDBOX` with the setting that refuses it; it never falls back to the host.
 * @param staging an empty folder
 */
export async function openSandbox(wanted: SandboxName | 'auto', staging: string): Promise<Sandbox> {
  const names: SandboxName[] = wanted === 'auto' ? ['unshare', 'bwrap'] : [wanted]
  const refusals: string[] = []
  for (const name of names) {
    if (name === 'bwrap' && lookUpProgram('bwrap') === undefined) {
      if (wanted === 'bwrap') throw refused('bwrap', 'this machine has no bwrap')
      continue
    }
    const complaint = await probe(BACK_ENDS[name], staging)
    if (complaint === undefined) return BACK_ENDS[name]
    refusals.push(`${name}: ${complaint}`)
  }
  throw refused(names[0] ?? 'unshare', refusals.join('; '))
}

/** Runs the real sandbox once; undefined when it works, else what it printed. */
async function probe(sandbox: Sandbox, staging: string): Promise<string | undefined> {
  let output = ''
  const exit = await sandbox.run({
    staging,
    mounts: HOST_FOLDERS.filter((path) => existsSync(path)).map((path) => ({
      at: path,
      from: path,
      kind: 'read-only',
    })),
    links: [],
    env: { PATH: '/usr/bin:/bin' },
    argv: ['/bin/sh', '-c', 'read name < /proc/sys/kernel/hostname; echo "$name"'],
    timeoutMs: 30_000,
    hostName: PROBE_HOST_NAME,
    uid: 0,
    personality: [],
    tmpBytes: 1 << 20,
    interactive: false,
    onOutput: (chunk) => {
      output += Buffer.from(chunk).toString()
    },
    signal: new AbortController().signal,
  })
  if (exit.outcome === 'exited' && exit.status === 0 && output === `${PROBE_HOST_NAME}\n`) return undefined
  if (exit.status === 0) return `the host name in the sandbox is ${JSON.stringify(output.trim())}`
  return output.trim() || `it ended with status ${exit.status}`
}

function refused(name: SandboxName, complaint: string): MrrlError {
  const cause = CAUSES.find(({ applies }) => applies(complaint))
  return new MrrlError('E_SANDBOX', `this machine refuses to make a sandbox (${complaint})`, {
    fields: { backEnd: name, ...(cause === undefined ? {} : { cause: cause.name }) },
    hint: cause?.remedy ?? 'See docs/sandbox.md for the settings that allow user namespaces.',
  })
}

/** A kernel setting that may refuse user namespaces, as it is now. */
export interface NamespaceSetting {
  readonly name: string
  readonly value: string
  readonly refuses: boolean
  readonly remedy: string
}

/** Those that this kernel has. Root, or a program with rights of its own, may make namespaces all the same. */
export function namespaceSettings(): NamespaceSetting[] {
  return SETTINGS.flatMap(({ name, refusing, remedy }) => {
    const value = setting(name)
    return value === undefined ? [] : [{ name, value, refuses: value === refusing, remedy }]
  })
}

/** Settings of the kernel by name, with the value that refuses user namespaces and what allows them. */
const SETTINGS = [
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns',
    refusing: '1',
    remedy: 'Allow it with: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    name: 'kernel.unprivileged_userns_clone',
    refusing: '0',
    remedy: 'Allow it with: sudo sysctl -w kernel.unprivileged_userns_clone=1',
  },
  {
    name: 'user.max_user_namespaces',
    refusing: '0',
    remedy: 'Raise the limit with: sudo sysctl -w user.max_user_namespaces=15000',
  },
] as const

interface Cause {
  readonly name: string
  readonly applies: (complaint: string) => boolean
  readonly remedy: string
}

const CONTAINER_REMEDY =
  'In a container, start it with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined ' +
  '--security-opt systempaths=unconfined.'

/** Known refusals and what allows the sandbox, the most telling first. */
const CAUSES: readonly Cause[] = [
  {
    name: 'not installed',
    applies: (complaint) => /not found|has no /.test(complaint),
    remedy: 'Install util-linux (unshare, mount, setpriv), or bubblewrap and pass --sandbox bwrap.',
  },
  ...SETTINGS.map(({ name, refusing, remedy }) => ({
    name,
    remedy,
    applies: (complaint: string) =>
      setting(name) === refusing ||
      (name === 'user.max_user_namespaces' && /No space left|max_\*_namespaces/.test(complaint)),
  })),
  {
    name: 'masked /proc',
    applies: (complaint) => /proc/.test(complaint) && /mount|Can't/.test(complaint),
    remedy: 'In a container, start it with: --security-opt systempaths=unconfined',
  },
  {
    name: 'chroot',
    applies: (complaint) => isRefusal(complaint) && isInChroot(),
    remedy: 'The kernel makes no user namespace in a chroot: use a container or a virtual machine.',
  },
  {
    name: 'seccomp filter of a container',
    applies: (complaint) => isRefusal(complaint) && /^Seccomp:\s*2$/m.test(textOf('/proc/self/status') ?? ''),
    remedy: CONTAINER_REMEDY,
  },
  {
    name: 'chroot or container',
    applies: isRefusal,
    remedy: `${CONTAINER_REMEDY} In a chroot, user namespaces cannot be made: use a container.`,
  },
  {
    name: 'host name',
    applies: (complaint) => /host name|hostname/.test(complaint),
    remedy: 'Install the program hostname (Debian: package hostname), or bubblewrap.',
  },
]

function isRefusal(complaint: string): boolean {
  return /Operation not permitted|Permission denied|No permissions/.test(complaint)
}

/** The root of a chroot is seldom a mount, and what is not below it is not listed. */
function isInChroot(): boolean {
  const mounts = textOf('/proc/self/mountinfo')
  return mounts !== undefined && !mounts.split('\n').some((line) => line.split(' ')[4] === '/')
}

/** Value of a setting such as `kernel.hostname`; undefined where the kernel has none of that name. */
function setting(name: string): string | undefined {
  return textOf(`/proc/sys/${name.replaceAll('.', '/')}`)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
