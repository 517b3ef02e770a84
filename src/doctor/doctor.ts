import { existsSync } from 'node:fs'
import { lockPath } from '../engine/resolve.ts'
import type { Settings } from '../engine/settings.ts'
import { unpackName } from '../engine/sources.ts'
import type { Lock } from '../model/lock.ts'
import type { Source } from '../model/recipe.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { readLock } from '../recipes/lock-file.ts'
import { AliasStore } from '../store/aliases.ts'
import { BlobStore } from '../store/blobs.ts'
import { Layout } from '../store/layout.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import { MrrlError } from '../util/errors.ts'
import { type Finding, skipped, type Verdict } from './check.ts'
import { checkEncoders } from './encoders.ts'
import { checkLock } from './locks.ts'
import { checkClock, checkMemory, checkNode, type NodeVersions } from './machine.ts'
import { checkPlaces } from './places.ts'
import { checkPrograms } from './programs.ts'
import { checkSandboxes } from './sandboxes.ts'
import { checkFolders } from './store-folder.ts'
import { checkStore } from './store-health.ts'

/** What the command line knows besides the settings of a build. */
export interface DoctorOptions {
  /** Empty for all. */
  readonly profiles: readonly string[]
  readonly settings: Settings
  /** Each profile has its own lock folder: locks of a project win over those of mrrl. */
  readonly lockFolderOf: (profile: string) => string
  readonly node: NodeVersions
  /** Milliseconds since 1970. */
  readonly now: number
  /** Folders of PATH. */
  readonly path: readonly string[]
  readonly temporaryFolder: string
  readonly isFull: boolean
  /** Called before each group of checks with its name. */
  readonly onStart: (name: string) => void
}

/** All findings, and what they come to. */
export interface DoctorReport {
  /** The worst of all. */
  readonly verdict: Exclude<Verdict, 'skipped'>
  /** 0, or the status that the first failure would end a build with. */
  readonly exit: number
  readonly findings: readonly Finding[]
}

/** Looks at everything that a build needs, and changes nothing. Throws `E_PROFILE_UNKNOWN`. */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const { settings, node, path, temporaryFolder, isFull } = options
  const profiles = await profilesOf(options)
  const settingsOf = (name: string): Settings => ({ ...settings, lockFolder: options.lockFolderOf(name) })
  const locks = (await Promise.all(profiles.map((name) => lockIfReadable(name, settingsOf(name))))).flat()
  const groups: readonly (readonly [string, () => Promise<Finding[]>])[] = [
    ['node', async () => [checkNode(node)]],
    ['sandbox', () => checkSandboxes(settings.sandbox, temporaryFolder)],
    ['programs', async () => checkPrograms(path)],
    [
      'machine',
      async () => [
        checkMemory(settings.jobs),
        checkClock(
          options.now,
          locks.map(({ epoch }) => epoch),
        ),
      ],
    ],
    ['folders', () => checkFolders(settings.home, temporaryFolder)],
    ['store', async () => [await checkStore(settings.home, isFull)]],
    ['encoders', () => checkEncoders()],
    ['locks', () => Promise.all(profiles.map((name) => checkLock(name, settingsOf(name))))],
    ['sources', () => checkSources(locks, settings)],
  ]
  const findings: Finding[] = []
  for (const [name, check] of groups) {
    if (settings.signal.aborted) throw new MrrlError('E_INTERRUPTED', 'the examination was interrupted')
    options.onStart(name)
    findings.push(...(await check()))
  }
  return { verdict: worstOf(findings), exit: exitOf(findings), findings }
}

async function profilesOf({ profiles, settings }: DoctorOptions): Promise<readonly string[]> {
  const loader = new RecipeLoader(settings.recipeFolders)
  if (profiles.length === 0) return loader.profileNames()
  for (const name of profiles) await loader.profile(name)
  return profiles
}

/** None for a lock that {@link checkLock} finds fault with. */
async function lockIfReadable(profile: string, settings: Settings): Promise<Lock[]> {
  try {
    return [await readLock(lockPath(profile, settings), profile)]
  } catch (error) {
    if (error instanceof MrrlError) return []
    throw error
  }
}

async function checkSources(locks: readonly Lock[], settings: Settings): Promise<Finding[]> {
  const sources = new Map<string, Source>()
  for (const { seeds, packages } of locks) {
    const all = [...Object.values(seeds), ...Object.values(packages).flatMap((one) => one.sources)]
    for (const source of all) sources.set(source.integrity, source)
  }
  if (sources.size === 0) return [skipped('sources', 'no lock that can be read names any')]
  const missing = await missingOf([...sources.values()], settings.home)
  return checkPlaces([...sources.values()], missing, settings.fetch)
}

/** Integrities of the sources of which the store has neither the archive nor what was in it. */
async function missingOf(sources: readonly Source[], home: string): Promise<ReadonlySet<string>> {
  const layout = new Layout(home)
  const [aliases, blobs] = [new AliasStore(layout), new BlobStore(layout)]
  const isThere = async (name: string): Promise<boolean> => {
    const digest = existsSync(layout.root) ? await aliases.get(name) : undefined
    return digest !== undefined && (await blobs.has(digest))
  }
  const missing = new Set<string>()
  for (const source of sources) {
    if (!(await isThere(source.integrity)) && !(await isThere(unpackName(source)))) missing.add(source.integrity)
  }
  return missing
}

function worstOf(findings: readonly Finding[]): DoctorReport['verdict'] {
  const has = (verdict: Verdict): boolean => findings.some((finding) => finding.verdict === verdict)
  return has('fail') ? 'fail' : has('warn') ? 'warn' : 'pass'
}

function exitOf(findings: readonly Finding[]): number {
  const first = findings.find(({ verdict }) => verdict === 'fail')
  return first === undefined || first.code === '' ? 0 : ERROR_CODES[first.code].exit
}
