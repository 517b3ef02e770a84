import { relative } from 'node:path'
import { type LockReport, lock, lockSources } from '../engine/operations.ts'
import type { BuildReport } from '../engine/report.ts'
import type { Call } from './context.ts'
import { settingsFor } from './settings.ts'
import { PhaseClock } from './view/phases.ts'
import { showReport, watched } from './watch.ts'

/** `mrrl lock <profile>` */
export async function runLock(call: Call): Promise<number> {
  const { options, context } = call
  const [profile = ''] = call.args
  const clock = new PhaseClock(() => performance.now())
  const result = await watched(call, clock, async (onEvent): Promise<LockResult> => {
    const settings = await settingsFor(call, { profile, use: 'write' }, onEvent)
    return options.sourcesOnly ? lockSources(profile, settings) : lock(profile, settings)
  })
  if (options.json) {
    context.out.write(`${JSON.stringify({ ...result, time: clock.finish() }, undefined, 2)}\n`)
  } else if (!options.quiet) {
    if (result.report !== undefined) showReport(result.report, context)
    const path = relative(context.cwd, result.path)
    const changes = result.changes.length === 0 ? ['nothing has changed'] : result.changes
    context.out.lines([context.out.style.bold(path), ...changes.map((change) => `  ${change}`)])
  }
  return 0
}

/** A lock that was written, with the build's report when it was built for. */
type LockResult = Omit<LockReport, 'report'> & { readonly report?: BuildReport }
