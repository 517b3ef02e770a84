import { build } from '../engine/operations.ts'
import type { Call } from './context.ts'
import { settingsFor } from './settings.ts'
import { PhaseClock } from './view/phases.ts'
import { showReport, watched } from './watch.ts'

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
