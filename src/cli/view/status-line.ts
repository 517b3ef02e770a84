import type { Context } from '../context.ts'
import { truncate } from '../format.ts'
import type { Options } from '../options.ts'
import { LiveRegion } from './live-region.ts'

/** One line on the terminal that says how far a command is. */
export interface StatusLine {
  /** What the line says from now on. */
  show(text: string): void
  /** Takes the line away; safe to call twice. */
  close(): void
}

/** Shows nothing where nobody looks: no terminal, `--quiet`, `--json`. */
export function openStatusLine(options: Options, { err, env }: Context): StatusLine {
  const isLive = err.isTerminal && env.TERM !== 'dumb' && !options.quiet && !options.json
  if (!isLive) return { show: () => undefined, close: () => undefined }
  let line = ''
  const region = new LiveRegion(err, (columns) => (line === '' ? [] : [truncate(line, columns - 1)]))
  return {
    show: (text) => {
      line = text
    },
    close: () => region.close(),
  }
}
