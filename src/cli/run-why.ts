import { why } from '../engine/why.ts'
import type { Call } from './context.ts'
import { settingsFor } from './settings.ts'
import { fileLines, packageLines } from './show-why.ts'

/** `mrrl why <profile> <package or file>` */
export async function runWhy(call: Call): Promise<number> {
  const { args, options, context } = call
  const [profile = '', subject = ''] = args
  const reason = await why(profile, subject, await settingsFor(call, { profile, use: 'read' }, () => undefined))
  const { style } = context.out
  if (options.json) context.out.write(`${JSON.stringify(reason, undefined, 2)}\n`)
  else context.out.lines(reason.kind === 'file' ? fileLines(reason, style) : packageLines(reason, context.cwd, style))
  return 0
}
