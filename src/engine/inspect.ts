import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { USUAL_SURROUNDINGS } from '../model/surroundings.ts'
import { PLACES } from '../plan/environment.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { openSandbox } from '../sandbox/probe.ts'
import { removeFolder } from '../store/checkouts.ts'
import { temporaryName } from '../store/disk.ts'
import { openStore, type Store } from '../store/store.ts'
import { useStore } from '../store/users.ts'
import { MrrlError } from '../util/errors.ts'
import { checkName, type KnownStep, knownSteps } from './known-steps.ts'
import { planOf } from './resolve.ts'
import type { Settings } from './settings.ts'
import { failedFolder, stepLinks, stepMounts } from './step.ts'

/** One profile, as listed. */
export interface ProfileInfo {
  readonly name: string
  readonly summary: string
  readonly arch: string
  readonly packages: readonly string[]
}

/** One package of a profile, as listed. */
export interface PackageInfo {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly role: string
  readonly summary: string
  /** True when the store has what it would install. */
  readonly cached: boolean
  /** How long it took to build, in milliseconds; 0 when it has not been built. */
  readonly wallMs: number
}

/** The log of one step. */
export interface StepLogText {
  readonly text: string
  readonly failed: boolean
}

/** All profiles, by name. */
export async function listProfiles(settings: Settings): Promise<ProfileInfo[]> {
  const loader = new RecipeLoader(settings.recipeFolders)
  return Promise.all(
    loader.profileNames().map(async (name) => {
      const { summary, arch, packages } = await loader.profile(name)
      return { name, summary, arch, packages }
    }),
  )
}

/** The packages of a profile in the order in which they are built. */
export async function listPackages(profile: string, settings: Settings): Promise<PackageInfo[]> {
  const plan = await planOf(profile, settings)
  const keys = await knownSteps(plan, await openStore(settings.home), settings)
  return [...plan.nodes.values()].map(({ recipe }) => {
    const { name, version, license, role, summary } = recipe
    const known = keys.get(name)
    return { name, version, license, role, summary, cached: known?.output !== undefined, wallMs: known?.wallMs ?? 0 }
  })
}

/** The log of a package's last build, failed or not. Throws `E_PACKAGE_UNKNOWN` or `E_USAGE` when there is none. */
export async function readLog(profile: string, name: string, settings: Settings): Promise<StepLogText> {
  const plan = await planOf(profile, settings)
  checkName(plan, name)
  const store = await openStore(settings.home)
  const step = (await knownSteps(plan, store, settings)).get(name)
  if (step !== undefined) {
    const failed = join(failedFolder(store, step.key), 'log')
    if (existsSync(failed)) return { text: await readFile(failed, 'utf8'), failed: true }
    if (step.log !== undefined) return { text: Buffer.from(await store.blobs.read(step.log)).toString(), failed: false }
  }
  throw new MrrlError('E_USAGE', `${name} has not been built yet`, { hint: `Build it with: mrrl build ${profile}` })
}

/**
 * Opens a shell in the sandbox of a package's build: as the failed step left it, or before the first command.
 * Returns the shell's exit status.
 */
export async function shell(profile: string, name: string, settings: Settings): Promise<number> {
  const plan = await planOf(profile, settings)
  checkName(plan, name)
  const store = await openStore(settings.home)
  const step = (await knownSteps(plan, store, settings)).get(name)
  if (step === undefined) {
    throw new MrrlError('E_USAGE', `what ${name} needs has not been built yet`, {
      hint: `Build it with: mrrl build ${profile}`,
    })
  }
  return useStore(store.layout, () => openShell(name, step, store, settings))
}

async function openShell(name: string, step: KnownStep, store: Store, settings: Settings): Promise<number> {
  const work = temporaryName(store.layout.tmp, 'shell')
  try {
    for (const folder of ['root', 'probe', 'build', 'out']) await mkdir(join(work, folder), { recursive: true })
    const sandbox = await openSandbox(settings.sandbox, join(work, 'probe'))
    const kept = join(failedFolder(store, step.key), 'build')
    const exit = await sandbox.run({
      staging: join(work, 'root'),
      mounts: [
        ...(await stepMounts(step.request, store)),
        { at: PLACES.build, from: existsSync(kept) ? kept : join(work, 'build'), kind: 'writable' },
        { at: PLACES.output, from: join(work, 'out'), kind: 'writable' },
      ],
      links: stepLinks(step.request),
      env: { ...Object.fromEntries(step.request.env), PS1: `${name} # `, TERM: 'linux' },
      argv: ['/bin/sh', '-c', `cd ${PLACES.build}; exec /bin/sh -i`],
      timeoutMs: 2 ** 31 - 1,
      hostName: USUAL_SURROUNDINGS.hostName,
      uid: USUAL_SURROUNDINGS.uid,
      personality: USUAL_SURROUNDINGS.personality,
      tmpBytes: 2 ** 32,
      interactive: true,
      onOutput: () => undefined,
      signal: settings.signal,
    })
    return exit.status
  } finally {
    await removeFolder(work)
  }
}
