import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BuildEvent } from '../engine/events.ts'
import type { Rebuilt } from '../engine/rebuild.ts'
import type { Settings } from '../engine/settings.ts'
import type { Digest } from '../model/digest.ts'
import { removeFolder } from '../store/checkouts.ts'
import { temporaryName } from '../store/disk.ts'
import { openStore, type Store } from '../store/store.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import type { Conditions } from './conditions.ts'
import { type Host, type Machine, namespaceWords, OTHER_USER, OTHER_USER_WORDS } from './machine.ts'
import type { RoundError, RoundMessage, RoundOrder } from './order.ts'
import { temporaryRound } from './sweep-temporary.ts'

/** What all rounds of a verification share. */
export interface RoundSetup {
  readonly profile: string
  readonly seed: string
  readonly settings: Settings
  readonly host: Host
  readonly machine: Machine
  /** Folder for rounds on the filesystem of the user's store. */
  readonly beside: string
  /** A store that holds what a round starts from: every round begins with a copy of it. */
  readonly start: string
  /** Bytes that a store in memory may take. */
  readonly memory: number
  /** What need not be handed over, because it is at hand. */
  readonly known: readonly Digest[]
  readonly onEvent: (event: BuildEvent) => void
}

/** What a round gave: digests, and a store with the trees behind those that are not known. */
export interface RoundResult {
  readonly rebuilt: Rebuilt
  readonly results: Store
  readonly wallMs: number
  /** Milliseconds that each package took that was built. */
  readonly stepMs: ReadonlyMap<string, number>
  /** Removes the round's folder. */
  discard(): Promise<void>
}

/**
 * Prepares the store of a round and becomes the program: `home` is where the store is to be, `start` what it begins
 * with. Runs as root of its namespaces where these are needed.
 */
const PREPARE = `
set -eu
host=$1 memory=$2 copy=$3 start=$4 home=$5 owner=$6 mask=$7 cwd=$8; shift 8
[ -z "$host" ] || hostname "$host"
[ -z "$memory" ] || mount -n -t tmpfs -o "size=$memory,mode=755" mrrl "$home"
cp "$copy" "$start/." "$home/"
[ -z "$owner" ] || chown -R "$owner" "$home"
cd "$cwd"
umask "$mask"
exec "$@"
`

/** Runs mrrl once more as a child process under the given conditions. Throws what it failed with. */
export async function runRound(
  setup: RoundSetup,
  conditions: Conditions,
  packages: readonly string[],
  withImages: boolean,
): Promise<RoundResult> {
  const { host, machine, settings } = setup
  const isTemporary = conditions.place === 'temporary folder'
  const folder = isTemporary ? temporaryRound(host.temporary) : temporaryName(setup.beside, 'round')
  const home = join(folder, 'home')
  const owner = machine.isRoot && conditions.isOtherUser ? OTHER_USER : undefined
  const cwd = join(folder, conditions.cwd)
  const results = join(folder, 'results')
  try {
    for (const path of [folder, home, results, cwd]) {
      await mkdir(path)
      await chmod(path, 0o755)
      if (owner !== undefined) await chown(path, owner, owner)
    }
    const order: RoundOrder = {
      profile: setup.profile,
      seed: setup.seed,
      packages,
      withImages,
      home,
      results,
      known: setup.known,
      imageFolder: join(cwd, 'images'),
      recipeFolders: settings.recipeFolders,
      lockFolder: settings.lockFolder,
      jobs: conditions.jobs,
      keepGoing: settings.keepGoing,
      sandbox: conditions.sandbox,
      surroundings: conditions.surroundings,
    }
    const isLinked = !isTemporary && !conditions.isInMemory && owner === undefined
    const prepare = [
      ...[conditions.hostName, conditions.isInMemory ? String(setup.memory) : '', isLinked ? '-al' : '-a'],
      ...[setup.start, home, owner === undefined ? '' : `${owner}:${owner}`, conditions.umask, cwd],
    ]
    const needsNamespace =
      conditions.hostName !== '' || conditions.isInMemory || (conditions.isOtherUser && !machine.isRoot)
    const argv = [
      ...(needsNamespace ? namespaceWords(machine.isRoot) : []),
      ...['/bin/sh', '-c', PREPARE, 'sh', ...prepare],
      ...(owner === undefined ? [] : OTHER_USER_WORDS),
      ...(conditions.processors === '' ? [] : ['taskset', '-c', conditions.processors]),
      ...(conditions.personality.length === 0 ? [] : ['setarch', ...conditions.personality]),
      ...['env', ...clockVariables(conditions, machine), ...host.program],
    ]
    const started = performance.now()
    const child = startChild(argv, { ...host.env, ...conditions.env })
    const stepMs = new Map<string, number>()
    const rebuilt = await listen(child, order, settings.signal, (event) => {
      if (event.type === 'step finished') stepMs.set(event.name, event.wallMs)
      setup.onEvent(event)
    })
    const wallMs = Math.round(performance.now() - started)
    return { rebuilt, results: await openStore(results), wallMs, stepMs, discard: () => removeFolder(folder) }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

/** The last words before the program: nothing but mrrl itself is told another time. */
function clockVariables({ clockDays }: Conditions, { fakeTime }: Machine): string[] {
  if (clockDays === 0) return []
  const ahead = clockDays > 0 ? `+${clockDays}d` : `${clockDays}d`
  // A clock that counts from the start of the machine must not jump: timers and durations use it.
  return [`LD_PRELOAD=${fakeTime}`, `FAKETIME=${ahead}`, 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'DONT_FAKE_MONOTONIC=1']
}

function startChild(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ChildProcess {
  const [program = '', ...args] = argv
  // Its own process group: Ctrl-C reaches this program alone, which then ends the round in an orderly way.
  return spawn(program, args, { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
}

/** Gives the child its order and takes what it says until it ends. */
async function listen(
  child: ChildProcess,
  order: RoundOrder,
  signal: AbortSignal,
  onEvent: (event: BuildEvent) => void,
): Promise<Rebuilt> {
  const stop = (): void => endGroup(child)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  let [complaint, rebuilt, failure]: [string, Rebuilt | undefined, RoundError | undefined] = ['', undefined, undefined]
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-4000)
  })
  child.stdin?.on('error', () => undefined) // it ended before it read its order; how it ended is told below
  // Left open: when it closes, however this process ends, the child ends too.
  child.stdin?.write(`${JSON.stringify(order)}\n`)
  const closed = once(child, 'close')
  try {
    if (child.stdout !== null) {
      for await (const line of createInterface({ input: child.stdout })) {
        const message = parseMessage(line)
        if (message?.kind === 'event') onEvent(message.event)
        else if (message?.kind === 'rebuilt') rebuilt = message.rebuilt
        else if (message?.kind === 'error') failure = message.error
      }
    }
    const [status] = await closed
    if (signal.aborted) throw new MrrlError('E_INTERRUPTED', 'the verification was interrupted')
    if (failure !== undefined) throw new MrrlError(failure.code, failure.message, failure)
    if (rebuilt !== undefined && status === 0) return rebuilt
    throw new MrrlError('E_INTERNAL', `the process of a round ended with ${status}: ${complaint.trim()}`)
  } finally {
    child.stdin?.destroy()
    signal.removeEventListener('abort', stop)
  }
}

/** Asks a child and what prepares for it to end. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM')
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error
  }
}

function parseMessage(line: string): RoundMessage | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // something that a preloaded library printed
  }
}
