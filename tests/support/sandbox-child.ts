import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bwrapSandbox } from '../../src/sandbox/bwrap.ts'
import type { Mount, RootLink, SandboxExit, SandboxName } from '../../src/sandbox/sandbox.ts'
import { unshareSandbox } from '../../src/sandbox/unshare.ts'

/** What a test asks this process to run; all else is the same for all tests. */
export interface SandboxOrder {
  readonly backEnd: SandboxName
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly mounts?: readonly Mount[]
  readonly links?: readonly RootLink[]
  readonly timeoutMs?: number
  readonly tmpBytes?: number
  readonly hostName?: string
  readonly uid?: number
  readonly personality?: readonly string[]
  /** Aborts when the program has printed something. */
  readonly abort?: boolean
}

/** What became of it. */
export interface SandboxAnswer {
  readonly exit: SandboxExit
  readonly output: string
}

const HOST_FOLDERS = ['/usr', '/bin', '/lib', '/lib32', '/lib64', '/libx32', '/etc/alternatives']

/**
 * Runs one program in a sandbox over the host's programs, in a process of its own, so that it can be another user's,
 * inherit descriptors, or be killed:
 *
 *   node tests/support/sandbox-child.ts '<order as JSON>'
 *
 * Prints `running` when the program has printed something, and the answer as JSON at the end.
 */
const order: SandboxOrder = JSON.parse(process.argv[2] ?? '{}')
const staging = mkdtempSync(join(tmpdir(), 'mrrl-sandbox-'))
const controller = new AbortController()
const chunks: Uint8Array[] = []
mkdirSync(join(staging, 'root'))
process.stderr.write(`staging ${staging}\n`)
try {
  const exit = await { unshare: unshareSandbox, bwrap: bwrapSandbox }[order.backEnd].run({
    staging: join(staging, 'root'),
    mounts: [
      ...HOST_FOLDERS.filter((path) => existsSync(path)).map(
        (path): Mount => ({ at: path, from: path, kind: 'read-only' }),
      ),
      ...(order.mounts ?? []),
    ],
    links: order.links ?? [],
    env: order.env ?? { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    argv: order.argv,
    timeoutMs: order.timeoutMs ?? 30_000,
    hostName: order.hostName ?? 'mrrl',
    uid: order.uid ?? 0,
    personality: order.personality ?? [],
    tmpBytes: order.tmpBytes ?? 1 << 20,
    interactive: false,
    onOutput: (chunk) => {
      if (chunks.length === 0) process.stderr.write('running\n')
      chunks.push(Buffer.from(chunk))
      if (order.abort) controller.abort()
    },
    signal: controller.signal,
  })
  const output = Buffer.concat(chunks).toString()
  const answer: SandboxAnswer = { exit, output }
  process.stdout.write(JSON.stringify(answer))
} finally {
  rmSync(staging, { recursive: true, force: true })
}
