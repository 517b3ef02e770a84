import { relative } from 'node:path'
import {
  type BuiltLock,
  checkLocks,
  type LockCheck,
  type LockReport,
  lock,
  lockedProfiles,
  lockSources,
} from '../engine/lock-operations.ts'
import type { Settings } from '../engine/settings.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import { MrrlError } from '../util/errors.ts'
import type { Call } from './context.ts'
import type { Options } from './options.ts'
import { settingsFor } from './settings.ts'
import { PhaseClock } from './view/phases.ts'
import { showReport, watched } from './watch.ts'

/** `mrrl lock [profile…]`: writes, checks or updates locks. */
export async function runLock(call: Call): Promise<number> {
  refuseOthers(call.options)
  if (call.options.update) return (await import('./run-lock-update.ts')).runUpdate(call)
  return call.options.check ? runCheck(call) : runWrite(call)
}

async function runWrite(call: Call): Promise<number> {
  const { options, context } = call
  const reports: (LockReport & { readonly time: object })[] = []
  for (const profile of await profilesOf(call)) {
    const clock = new PhaseClock(() => performance.now())
    const report = await watched(call, clock, async (onEvent): Promise<LockReport | BuiltLock> => {
      const settings = await settingsFor(call, { profile, use: 'write' }, onEvent)
      return options.sourcesOnly ? lockSources(profile, settings) : lock(profile, settings)
    })
    reports.push({ ...report, time: clock.finish() })
    if (!options.json && !options.quiet) showLock(report, call)
  }
  if (options.json) context.out.write(`${JSON.stringify({ locks: reports }, undefined, 2)}\n`)
  return 0
}

async function runCheck(call: Call): Promise<number> {
  const { options, context } = call
  const profiles = await profilesOf(call)
  const checks: LockCheck[] = []
  for (const profile of profiles) {
    const settings = await settingsFor(call, { profile, use: 'read' }, () => undefined)
    checks.push(...(await checkLocks([profile], settings)))
  }
  if (options.json) context.out.write(`${JSON.stringify({ locks: checks }, undefined, 2)}\n`)
  else if (!options.quiet) for (const check of checks) showCheck(check, call)
  const wrong = checks.find(({ code }) => code !== '')?.code ?? ''
  return wrong === '' ? 0 : ERROR_CODES[wrong].exit
}

/** The profiles that are named, else all that the project has a lock for. */
async function profilesOf(call: Call): Promise<readonly string[]> {
  const named = call.args.filter((name) => name !== '')
  if (named.length > 0) return named
  return lockedHere(await settingsFor(call, { profile: '', use: 'write' }, () => undefined))
}

/** Profiles with a lock in the project; throws `E_LOCK_MISSING` when there is none. */
export async function lockedHere(settings: Settings): Promise<readonly string[]> {
  const profiles = await lockedProfiles(settings)
  if (profiles.length > 0) return profiles
  throw new MrrlError('E_LOCK_MISSING', `there is no lock in ${settings.lockFolder}`, {
    fields: { path: settings.lockFolder },
    hint: 'Name a profile: mrrl lock <profile>. See them with: mrrl ls',
  })
}

/** Options that belong to one kind of the command only. */
function refuseOthers({ check, update, pre, acceptUnverified, profile, dryRun, sourcesOnly }: Options): void {
  const refuse = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new MrrlError('E_USAGE', message, { hint: 'See: mrrl lock --help' })
  }
  refuse(check && update, '--check and --update exclude each other')
  refuse(sourcesOnly && (check || update), '--sources-only is for writing a lock only')
  const updating = { '--pre': pre, '--accept-unverified': acceptUnverified, '--dry-run': dryRun }
  for (const [name, isGiven] of Object.entries(updating)) refuse(isGiven && !update, `${name} is for --update only`)
  refuse(profile.length > 0 && !update, '--profile is for --update only; name profiles as arguments')
}

function showLock(written: LockReport | BuiltLock, { context }: Call): void {
  const { path, changes } = written
  if ('report' in written) showReport(written.report, context)
  const lines = changes.length === 0 ? ['nothing has changed'] : changes
  context.out.lines([context.out.style.bold(relative(context.cwd, path)), ...lines.map((line) => `  ${line}`)])
}

function showCheck({ profile, code, changes, unrecorded }: LockCheck, { context: { out } }: Call): void {
  const state = code === '' ? out.style.green('as the recipes') : out.style.red(code)
  out.lines([`${out.style.bold(profile)}  ${state}`, ...changes.map((change) => `  ${change}`)])
  if (code !== '') out.lines([`  write it anew with: mrrl lock ${profile}`])
  else if (unrecorded.length > 0)
    out.lines([`  not built yet: ${unrecorded.join(', ')}; record them with: mrrl lock ${profile}`])
}
