import type { Context } from '../context.ts'
import { truncate } from '../format.ts'
import type { Options } from '../options.ts'
import { LiveRegion } from './live-region.ts'

/** One line on the terminal that says how far a command is. */
export interface StatusLine {
  /** What the line says from now on. */
  show(text: string): void
  /** Adds a line that stays, also where there is no terminal; not with `--quiet` or `--json`. */
  print(text: string): void
  /** Takes the line away; safe to call twice. */
  close(): void
}

/** Shows nothing where nobody looks: no terminal, `--quiet`, `--json`. */
export function openStatusLine(options: Options, { err, env }: Context): StatusLine {
  const isLive = err.isTerminal && env.TERM !== 'dumb' && !options.quiet && !options.json
  if (!isLive) {
    const print = (text: string): void => (options.quiet || options.json ? undefined : err.lines([text]))
    return { show: () => undefined, print, close: () => undefined }
  }
  let line = ''
  const region = new LiveRegion(err, (columns) => (line === '' ? [] : [truncate(line, columns - 1)]))
  return {
    show: (text) => {
      line = text
    },
    print: (text) => region.print(truncate(text, err.columns)),
    close: () => region.close(),
  }
}
