import type { BuildEvent } from '../engine/events.ts'
import type { BuildReport } from '../engine/report.ts'
import type { Call, Context } from './context.ts'
import type { Options } from './options.ts'
import { reportLines } from './show-report.ts'
import { LiveView } from './view/live-view.ts'
import type { PhaseClock } from './view/phases.ts'
import { PlainView } from './view/plain-view.ts'
import { Progress } from './view/progress.ts'
import { SILENT, type View } from './view/view.ts'

/** Runs what builds and shows its progress: live on a terminal, line by line elsewhere. */
export async function watched<T>(
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

/** Prints the end of a build. */
export function showReport(report: BuildReport, { cwd, out }: Context): void {
  const columns = out.isTerminal ? out.columns : Number.POSITIVE_INFINITY
  out.lines(reportLines(report, { cwd, columns, style: out.style }))
}

/** The view that fits the options and the terminal. */
export function openView(options: Options, context: Context): View {
  if (options.quiet || options.json) return SILENT
  const now = (): number => performance.now()
  const progress = new Progress(now())
  const isLive = context.err.isTerminal && context.env.TERM !== 'dumb'
  if (!isLive) return new PlainView(progress, context.err, now)
  return new LiveView(progress, context.err, now, context.interruption.signal)
}
