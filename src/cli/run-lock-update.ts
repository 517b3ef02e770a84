import { relative } from 'node:path'
import { type UpdatedPackages, type UpdateReport, updateLocks } from '../engine/lock-update.ts'
import type { Call } from './context.ts'
import { formatTable, groupDigits } from './format.ts'
import { lockedHere } from './run-lock.ts'
import { settingsFor } from './settings.ts'
import { lockDiffLines } from './show-lock.ts'
import type { Style } from './style.ts'
import { updateConfigFor } from './update-config.ts'
import { LiveRegion } from './view/live-region.ts'

/** An index that could not be asked. */
interface Unusable {
  readonly package: string
  readonly index: string
  readonly reason: string
}

/** `mrrl lock --update [package…]` */
export async function runUpdate(call: Call): Promise<number> {
  const { options, context } = call
  const settings = await settingsFor(call, { profile: '', use: 'write' }, () => undefined)
  const unusable: Unusable[] = []
  const config = await updateConfigFor(context, settings.fetch, {
    pre: options.pre,
    onUnusable: (name, index, { message }) => void unusable.push({ package: name, index, reason: message }),
  })
  let state = 'looking for newer versions'
  const isLive = context.err.isTerminal && !options.quiet && !options.json
  const region = isLive ? new LiveRegion(context.err, () => [` · ${state}`]) : undefined
  let report: UpdateReport
  try {
    report = await updateLocks(
      {
        packages: call.args.filter((name) => name !== ''),
        profiles: options.profile.length > 0 ? [...new Set(options.profile)] : await lockedHere(settings),
        acceptUnverified: options.acceptUnverified,
        isDryRun: options.dryRun,
        config,
        onProgress: (done, total) => {
          state = `looking for newer versions: ${done} of ${total}`
        },
      },
      settings,
    )
  } finally {
    region?.close()
  }
  if (options.json) context.out.write(`${JSON.stringify({ ...report, unusable }, undefined, 2)}\n`)
  else if (!options.quiet) {
    for (const { package: name, index, reason } of unusable)
      context.err.lines([`${name}: ${index} was left out: ${reason}`])
    showUpdates(report, call)
  }
  return 0
}

function showUpdates(report: UpdateReport, { context: { cwd, out } }: Call): void {
  out.lines(report.updates.flatMap((one) => updateLines(one, out.style)))
  for (const { path, diff } of report.locks) {
    out.lines([out.style.bold(relative(cwd, path)), ...lockDiffLines(diff, out.style).map((line) => `  ${line}`)])
  }
  if (report.newest.length > 0) out.lines([`newest already: ${report.newest.join(', ')}`])
  if (report.withoutRules.length > 0) out.lines([`without rules for updates: ${report.withoutRules.join(', ')}`])
  for (const { packages, reason } of report.unreached) {
    out.lines([`${out.style.yellow('not reached')}: ${packages.join(', ')}: ${reason}`])
  }
  const profiles = report.locks.map(({ diff }) => diff.profile).join(' ')
  if (report.isWritten) out.lines([`build and record the new versions with: mrrl lock ${profiles}`])
  else out.lines([report.locks.length === 0 ? 'nothing to update' : 'no lock was written'])
}

function updateLines({ packages, update }: UpdatedPackages, style: Style): string[] {
  const { license, vouchers, unvouched, sizeBefore, sizeAfter } = update
  const stated = license.before === license.after ? '' : `${license.before || '?'} → ${license.after || '?'}`
  const facts: (readonly [string, string])[] = [
    ['found in', update.indexes.join(', ')],
    ...update.sources.map(({ from }) => ['source', from[0] ?? ''] as const),
    ['size', sizeBefore === sizeAfter ? '' : `${groupDigits(sizeBefore)} → ${groupDigits(sizeAfter)} B`],
    ['licence', stated],
    ['licence files', license.files.join(', ')],
    ...vouchers.map(({ kind, by, file }) => ['vouched', `${file} by ${kind}: ${by}`] as const),
    ...unvouched.map((file) => [style.yellow('not vouched'), file] as const),
  ]
  const rows = facts.filter(([, text]) => text !== '').map(([name, text]) => [`  ${style.dim(name)}`, text])
  return [`${style.bold(packages.join(', '))} ${update.before} → ${update.after}`, ...formatTable(rows)]
}
