import { relative } from 'node:path'
import type { BuildEvent } from '../engine/events.ts'
import { build, type LockReport, lock, lockSources } from '../engine/operations.ts'
import type { BuildReport } from '../engine/report.ts'
import type { Call, Context } from './context.ts'
import type { Options } from './options.ts'
import { settingsFor } from './settings.ts'
import { reportLines } from './show-report.ts'
import { LiveView } from './view/live-view.ts'
import { PhaseClock } from './view/phases.ts'
import { PlainView } from './view/plain-view.ts'
import { Progress } from './view/progress.ts'
import { SILENT, type View } from './view/view.ts'

/** `mrrl build <profile>` */
export async function runBuild(call: Call): Promise<number> {
  const { options, context } = call
  const clock = new PhaseClock(() => performance.now())
  const report = await watched(call, clock, async (onEvent) => {
    const settings = await settingsFor(call, { profile: call.args[0] ?? '', use: 'read' }, onEvent)
    return build(call.args[0] ?? '', settings)
  })
  if (options.json) context.out.write(`${JSON.stringify({ ...report, time: clock.finish() }, undefined, 2)}\n`)
  else if (!options.quiet) showReport(report, context)
  return 0
}

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

async function watched<T>(
  { options, context }: Call,
  clock: PhaseClock,
  work: (onEvent: (event: BuildEvent) => void) => Promise<T>,
): Promise<T> {
  const view = openView(options, context)
  try {
    return await work((event) => {
      clock.onEvent(event)
      view.onEvent(event)
    })
  } finally {
    view.close()
  }
}

function openView(options: Options, context: Context): View {
  if (options.quiet || options.json) return SILENT
  const now = (): number => performance.now()
  const progress = new Progress(now())
  const isLive = context.err.isTerminal && context.env.TERM !== 'dumb'
  if (!isLive) return new PlainView(progress, context.err, now)
  return new LiveView(progress, context.err, now, context.interruption.signal)
}

function showReport(report: BuildReport, { cwd, out }: Context): void {
  const columns = out.isTerminal ? out.columns : Number.POSITIVE_INFINITY
  out.lines(reportLines(report, { cwd, columns, style: out.style }))
}
