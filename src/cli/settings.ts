import { existsSync, readdirSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { BuildEvent, FetchEvent } from '../engine/events.ts'
import type { FetchSettings, LockFile } from '../engine/fetch.ts'
import type { Settings } from '../engine/settings.ts'
import { Bundle } from '../fetch/bundle.ts'
import { USUAL_SURROUNDINGS } from '../model/surroundings.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import type { Context } from './context.ts'
import { fetchConfigFor } from './fetch-config.ts'
import type { Options } from './options.ts'
import { OWN_LOCKS, OWN_RECIPES, PACKAGE_FOLDER } from './package-folder.ts'

/** What one command does with the lock of a profile. */
export interface LockUse {
  readonly profile: string
  readonly use: 'read' | 'write'
}

/** Settings of the engine: options first, then variables, then what is usual. Throws `E_USAGE`. */
export async function settingsFor(
  { options, context }: { readonly options: Options; readonly context: Context },
  lock: LockUse,
  onEvent: (event: BuildEvent) => void,
): Promise<Settings> {
  return {
    home: storeHome(context),
    recipeFolders: [...options.recipes.map((path) => folder('--recipes', path, context)), OWN_RECIPES],
    lockFolder: lockFolder(lock, context),
    imageFolder: join(context.cwd, 'images'),
    jobs: options.jobs ?? context.processors,
    keepGoing: options.keepGoing,
    sandbox: options.sandbox,
    surroundings: USUAL_SURROUNDINGS,
    fetch: await fetchConfigFor(context, {
      mirrors: options.mirror.map((place) => mirrorAt(place, context)),
      offline: options.offline,
    }),
    signal: context.interruption.signal,
    onEvent,
  }
}

/** Settings of what only fetches. Throws `E_USAGE`. */
export async function fetchSettingsFor(
  { options, context }: { readonly options: Options; readonly context: Context },
  onEvent: (event: FetchEvent) => void,
): Promise<FetchSettings> {
  return {
    home: storeHome(context),
    fetch: await fetchConfigFor(context, {
      mirrors: options.mirror.map((place) => mirrorAt(place, context)),
      offline: options.offline,
    }),
    signal: context.interruption.signal,
    onEvent,
  }
}

/** Locks of profiles by name; without names those of the project, and where it has none, those that come with mrrl. */
export function lockFilesFor(profiles: readonly string[], context: Context): LockFile[] {
  const folders = [projectLocks(context), OWN_LOCKS]
  const known = folders.map(lockNames).find((names) => names.length > 0) ?? []
  return [...new Set(profiles.length === 0 ? known : profiles)].map((profile) => {
    const folder = lockFolder({ profile, use: 'read' }, context)
    return { profile, path: join(folder, `${profile}.lock.json`) }
  })
}

function lockNames(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.flatMap((name) => /^(.+)\.lock\.json$/.exec(name)?.[1] ?? []).sort(compareBytes)
}

/** Folder of all state: `$MRRL_HOME`, else `mrrl` in the user's cache folder. */
export function storeHome({ env, cwd, userHome }: Context): string {
  if (env.MRRL_HOME) return resolve(cwd, env.MRRL_HOME)
  // The XDG specification says that a relative path is to be ignored.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, 'mrrl')
  if (isAbsolute(userHome)) return join(userHome, '.cache/mrrl')
  throw new MrrlError('E_USAGE', 'there is no folder for the store', {
    hint: 'Set MRRL_HOME (or HOME) to an absolute path.',
  })
}

/** Folders whose locks say what must stay in the store. */
export function lockFolders(context: Context): string[] {
  return [...new Set([projectLocks(context), OWN_LOCKS])]
}

/** A lock of the project wins over the one that comes with mrrl; only a project's lock is ever written. */
export function lockFolder({ profile, use }: LockUse, context: Context): string {
  const own = projectLocks(context)
  if (use === 'write' || existsSync(join(own, `${profile}.lock.json`))) return own
  return existsSync(join(OWN_LOCKS, `${profile}.lock.json`)) ? OWN_LOCKS : own
}

function projectLocks({ cwd }: Context): string {
  return `${cwd}/`.startsWith(`${PACKAGE_FOLDER}/`) ? OWN_LOCKS : join(cwd, 'locks')
}

function folder(option: string, path: string, { cwd }: Context): string {
  const absolute = resolve(cwd, path)
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return absolute
  throw new MrrlError('E_USAGE', `${option}: there is no folder ${path}`, { fields: { path: absolute } })
}

/** Whatever holds sources: a folder or a URL as it is, a file as a bundle. */
function mirrorAt(place: string, context: Context): string | Bundle {
  if (isUrl(place)) return place
  const path = resolve(context.cwd, place)
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return new Bundle(path)
  return folder('--mirror', place, context)
}

function isUrl(place: string): boolean {
  return /^https?:\/\//.test(place) && URL.canParse(place)
}
