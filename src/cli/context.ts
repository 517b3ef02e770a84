import { availableParallelism, homedir } from 'node:os'
import type { Options } from './options.ts'
import { Output } from './output.ts'
import { Interruption } from './signals.ts'

/** What a command has besides its arguments: the only things of the process that it may touch. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Home folder of the user; '' when there is none. */
  readonly userHome: string
  readonly processors: number
  readonly out: Output
  readonly err: Output
  readonly interruption: Interruption
}

/** The process this runs in. */
export function processContext(withColor: boolean, onSecondSignal: () => void): Context {
  return {
    env: process.env,
    cwd: process.cwd(),
    userHome: userHome(),
    processors: availableParallelism(),
    out: new Output(process.stdout, withColor),
    err: new Output(process.stderr, withColor),
    interruption: new Interruption(onSecondSignal),
  }
}

function userHome(): string {
  try {
    return homedir()
  } catch {
    return '' // no HOME, and no account either, as in some containers
  }
}

/** One call of a command. */
export interface Call {
  /** In the order of the command's arguments; an optional one that was left out is ''. */
  readonly args: readonly string[]
  readonly options: Options
  readonly context: Context
}
