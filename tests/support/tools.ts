import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why a test that needs these programs cannot run, or null when all are there. */
export function missing(...programs: string[]): string | null {
  const absent = programs.filter((program) => !isInstalled(program))
  return absent.length === 0 ? null : `not installed: ${absent.join(', ')}`
}

/** Why a test that needs root cannot run, or null for root. */
export function missingRoot(): string | null {
  return process.getuid?.() === 0 ? null : 'needs root'
}

/** Why a squashfs cannot be mounted here, or null when it can. */
export function missingSquashfsMount(): string | null {
  if (process.getuid?.() !== 0) return 'needs root'
  if (!existsSync('/dev/loop-control')) return 'needs loop devices'
  if (!readFileSync('/proc/filesystems', 'utf8').includes('squashfs')) return 'needs squashfs in the kernel'
  return spawnSync('unshare', ['--mount', 'true']).status === 0 ? null : 'needs the right to mount'
}

/** Mounts a squashfs file while `body` runs. */
export async function withMount<T>(image: string, folder: string, body: () => T | Promise<T>): Promise<T> {
  run('mount', '-t', 'squashfs', '-o', 'loop,ro,nodev,nosuid', image, folder)
  try {
    return await body()
  } finally {
    run('umount', folder)
  }
}

/** For programs that read names by the locale, as bsdtar does: what a test finds must not depend on the user's. */
const ENV = { ...process.env, LC_ALL: 'C.UTF-8' }

/** Runs a program and returns its output; throws with its error output when it fails. */
export function run(program: string, ...args: string[]): Buffer {
  return execFileSync(program, args, { env: ENV, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs a program with `input` as its standard input and returns its output. */
export function pipe(input: Uint8Array, program: string, ...args: string[]): Buffer {
  const result = spawnSync(program, args, { env: ENV, input, maxBuffer: 2 ** 30 })
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.signal ?? ''} ${result.stderr}`)
  return result.stdout
}

/** Calls `body` with a new empty folder and removes it afterwards. */
export async function withFolder<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mrrl-test-'))
  try {
    return await body(folder)
  } finally {
    // Tests make folders that deny access to their own owner.
    spawnSync('chmod', ['-R', 'u+rwX', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

function isInstalled(program: string): boolean {
  // An ordinary user's PATH often lacks the sbin folders.
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
