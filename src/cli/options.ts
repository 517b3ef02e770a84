import type { SandboxName } from '../sandbox/sandbox.ts'
import { SANDBOX_NAMES } from '../sandbox/sandbox.ts'
import { InvalidArgumentError } from './commander.ts'

/** Everything that options can say; a command that lacks one has its default here. */
export interface Options {
  /** Undefined: as many as there are processors. */
  readonly jobs: number | undefined
  readonly keepGoing: boolean
  readonly sandbox: SandboxName | 'auto'
  readonly mirror: readonly string[]
  readonly offline: boolean
  readonly sourcesOnly: boolean
  readonly recipes: readonly string[]
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
  /** Days. */
  readonly olderThan: number
  readonly dryRun: boolean
}

/** What holds when an option is not given. */
export const DEFAULTS: Options = {
  jobs: undefined,
  keepGoing: false,
  sandbox: 'auto',
  mirror: [],
  offline: false,
  sourcesOnly: false,
  recipes: [],
  json: false,
  quiet: false,
  color: true,
  olderThan: 30,
  dryRun: false,
}

/** One option as a row of a command. */
export interface OptionRow {
  /** As commander takes it: `-j, --jobs <count>`. */
  readonly flags: string
  readonly about: string
  /** Reads the value; throws `InvalidArgumentError` for one that cannot be meant. */
  readonly read?: (text: string) => string | number
  readonly isRepeatable?: boolean
}

/** All options by name. */
export const OPTIONS: Readonly<Record<keyof Options, OptionRow>> = {
  jobs: {
    flags: '-j, --jobs <count>',
    about: 'how many processes may work at once (default: one per processor)',
    read: wholeNumber(1, 1024),
  },
  keepGoing: { flags: '-k, --keep-going', about: 'after a failure, build what does not depend on it' },
  sandbox: {
    flags: '--sandbox <name>',
    about: 'how steps are sealed: auto, unshare or bwrap (default: auto)',
    read: oneOf(['auto', ...SANDBOX_NAMES]),
  },
  mirror: {
    flags: '--mirror <folder or URL>',
    about: 'look for sources here first; may be given more than once',
    isRepeatable: true,
  },
  offline: { flags: '--offline', about: 'use no network: only the store and mirrors that are folders' },
  sourcesOnly: {
    flags: '--sources-only',
    about: 'do not build: pin recipes and sources, and keep recorded outputs only where nothing changed',
  },
  recipes: {
    flags: '--recipes <folder>',
    about: "folder with packages, profiles and toolchains, before mrrl's own; may be given more than once",
    isRepeatable: true,
  },
  json: { flags: '--json', about: 'print one JSON document, and nothing else' },
  quiet: { flags: '-q, --quiet', about: 'print errors only' },
  color: { flags: '--no-color', about: 'no colours (so does the variable NO_COLOR)' },
  olderThan: {
    flags: '--older-than <days>',
    about: 'keep what was made or used in the last days (default: 30)',
    read: wholeNumber(0, 36_500),
  },
  dryRun: { flags: '-n, --dry-run', about: 'only say what would be removed' },
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`)
  }
}
