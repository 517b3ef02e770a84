import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildRequest } from '../model/build-request.ts'
import { type Digest, hashOf } from '../model/digest.ts'
import type { Surroundings } from '../model/surroundings.ts'
import { PLACES } from '../plan/environment.ts'
import type { Mount, RootLink, Sandbox, SandboxExit } from '../sandbox/sandbox.ts'
import { makeFolder, removeFolder } from '../store/checkouts.ts'
import { temporaryName } from '../store/disk.ts'
import { importFolder } from '../store/import.ts'
import type { Store } from '../store/store.ts'
import { MrrlError } from '../util/errors.ts'
import type { Jobserver } from './jobserver.ts'
import { surroundedEnvironment, surroundedMounts } from './surround.ts'

/** Log lines shown when a step fails, and the most that a step may print, in bytes. */
const LAST_LINES = 25
const LOG_LIMIT = 64 << 20
const TMP_BYTES = 4 * 2 ** 30

/** What a step runs with besides its request. None of it may change the output. */
export interface StepSurroundings {
  readonly store: Store
  readonly sandbox: Sandbox
  readonly jobserver: Jobserver
  readonly surroundings: Surroundings
  readonly signal: AbortSignal
  readonly onLine: (line: string) => void
}

/** A finished step: its output as a tree, and its log as a blob. */
export interface StepResult {
  readonly output: Digest
  readonly log: Digest
  readonly wallMs: number
  readonly cpuMs: number
}

/**
 * Runs one request in the sandbox and imports what it wrote. On failure the log and the work folder are kept under
 * the store's `failed/<key>`, and `E_BUILD_FAILED` or `E_BUILD_TIMEOUT` carries the last lines of the log.
 */
export async function runStep(
  name: string,
  key: Digest,
  request: BuildRequest,
  around: StepSurroundings,
): Promise<StepResult> {
  const { store, surroundings } = around
  const work = temporaryName(store.layout.tmp, 'step')
  const failed = failedFolder(store, key)
  await mkdir(work)
  try {
    for (const folder of ['root', 'build', 'out']) await makeFolder(join(work, folder))
    const logPath = join(work, 'log')
    const log = createLog(logPath, around.onLine)
    const makeFlags = { MAKEFLAGS: around.jobserver.makeFlags(PLACES.jobserver) }
    const env = { ...surroundedEnvironment(request, surroundings), ...makeFlags }
    const exit = await around.sandbox.run({
      staging: join(work, 'root'),
      mounts: [
        ...(await surroundedMounts(await stepMounts(request, store), surroundings, work)),
        { at: surroundings.buildFolder, from: join(work, 'build'), kind: 'writable' },
        { at: PLACES.output, from: join(work, 'out'), kind: 'writable' },
        { at: PLACES.jobserver, from: around.jobserver.path, kind: 'file' },
      ],
      links: stepLinks(request),
      env,
      argv: request.argv,
      timeoutMs: request.timeout * 1000,
      hostName: surroundings.hostName,
      uid: surroundings.uid,
      personality: surroundings.personality,
      tmpBytes: TMP_BYTES,
      interactive: false,
      onOutput: log.write,
      signal: around.signal,
    })
    await log.close()
    if (exit.outcome !== 'exited' || exit.status !== 0) throw await failure(name, exit, logPath, failed)
    const output = await importFolder(store, join(work, 'out', outputSubfolder(request)))
    const logDigest = await store.blobs.put(await readFile(logPath))
    return { output, log: logDigest, wallMs: exit.wallMs, cpuMs: exit.cpuMs }
  } catch (error) {
    if (error instanceof MrrlError && error.exit === 6) await keep(work, failed)
    throw error
  } finally {
    await removeFolder(work)
  }
}

/** Where the log and work folder of a failed step are kept. */
export function failedFolder(store: Store, key: Digest): string {
  return join(store.layout.failed, hashOf(key))
}

/** The read-only part of a step's root. */
export async function stepMounts(request: BuildRequest, store: Store): Promise<Mount[]> {
  const mounts: Mount[] = []
  for (const { at, tree } of request.inputs) {
    mounts.push({ at, from: await store.checkouts.get(tree), kind: 'read-only' })
  }
  if (request.hostTools) {
    for (const path of HOST_FOLDERS) if (existsSync(path)) mounts.push({ at: path, from: path, kind: 'read-only' })
    for (const path of HOST_FILES) if (existsSync(path)) mounts.push({ at: path, from: path, kind: 'file' })
  }
  return mounts
}

/** What a bootstrap step sees of the host: programs, their libraries, and what finds these. */
const HOST_FOLDERS = ['/bin', '/usr', '/lib', '/lib32', '/lib64', '/libx32', '/etc/alternatives']
const HOST_FILES = ['/etc/ld.so.cache']

/** Links that make a sealed step's root complete: scripts name `/bin/sh` and `/usr/bin/env`. */
export function stepLinks(request: BuildRequest): RootLink[] {
  const bin = `${PLACES.tools}/busybox-tools/bin`
  // A bootstrap step has its shell from the host, or from a seed that brings one.
  const hasShell = request.hostTools || request.inputs.some(({ at }) => at === '/bin')
  return hasShell ? [] : ['/bin', '/usr/bin'].map((at) => ({ at, target: bin }))
}

/** The output folder below `/out`. */
function outputSubfolder(request: BuildRequest): string {
  return request.output.slice(PLACES.output.length + 1)
}

interface StepLog {
  readonly write: (chunk: Uint8Array) => void
  close(): Promise<void>
}

function createLog(path: string, onLine: (line: string) => void): StepLog {
  const file = createWriteStream(path)
  let size = 0
  return {
    write: (chunk) => {
      if (size > LOG_LIMIT) return
      size += chunk.length
      file.write(size > LOG_LIMIT ? '\n(the log ends here: it is too long)\n' : chunk)
      const line = Buffer.from(chunk).toString('utf8').trimEnd()
      onLine(line.slice(line.lastIndexOf('\n') + 1))
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  }
}

async function failure(name: string, exit: SandboxExit, logPath: string, failed: string): Promise<MrrlError> {
  if (exit.outcome === 'aborted') return new MrrlError('E_INTERRUPTED', `the build of ${name} was interrupted`)
  const lines = (await readFile(logPath, 'utf8')).trimEnd().split('\n')
  const fields = { package: name, log: join(failed, 'log'), lastLines: lines.slice(-LAST_LINES) }
  if (exit.outcome === 'timed out') {
    const seconds = Math.round(exit.wallMs / 1000)
    return new MrrlError('E_BUILD_TIMEOUT', `the build of ${name} was stopped after ${seconds} s`, { fields })
  }
  return new MrrlError('E_BUILD_FAILED', `the build of ${name} failed with status ${exit.status}`, { fields })
}

async function keep(work: string, failed: string): Promise<void> {
  await removeFolder(failed)
  await mkdir(failed, { recursive: true })
  await rename(join(work, 'log'), join(failed, 'log')).catch(() => undefined)
  await rename(join(work, 'build'), join(failed, 'build')).catch(() => undefined)
}
