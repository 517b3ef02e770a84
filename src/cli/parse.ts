import { MrrlError } from '../util/errors.ts'
import { Argument, Command, CommanderError, Option } from './commander.ts'
import { type CommandRow, shownArgument } from './commands/row.ts'
import { COMMANDS, EXIT_STATUSES } from './commands.ts'
import { DEFAULTS, OPTIONS, type OptionRow, type Options } from './options.ts'
import { ownVersion } from './package-folder.ts'

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'help'; readonly text: string; readonly isWanted: boolean }
  | { readonly kind: 'call'; readonly row: CommandRow; readonly args: readonly string[]; readonly options: Options }

/** Reads the words after `mrrl`; throws `E_USAGE` when they make no sense. */
export function parseArguments(words: readonly string[]): Request {
  let request: Request | undefined
  let help = ''
  const program = makeProgram((row, args, options) => {
    request = { kind: 'call', row, args, options }
  })
  const output = {
    writeOut: (text: string): void => {
      help += text
    },
    writeErr: (text: string): void => {
      help += text
    },
    outputError: (): void => undefined,
  }
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
    command.exitOverride().configureOutput(output)
  }
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0 || error.code === 'commander.help') {
      return { kind: 'help', text: help, isWanted: error.exitCode === 0 }
    }
    throw usageError(error.message, words)
  }
  if (request === undefined) throw new MrrlError('E_INTERNAL', 'the command line was read, but led to no command')
  return request
}

/** The program as commander knows it; `onCall` gets what the user wants. */
export function makeProgram(onCall: (row: CommandRow, args: readonly string[], options: Options) => void): Command {
  const program = new Command('mrrl')
    .description('Minimal, reliable, reproducible Linux: root filesystem images from locked sources, bit for bit.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', `\n${exitStatusText()}`)
    .enablePositionalOptions()
  for (const row of COMMANDS) {
    const words = row.name.split(' ')
    const last = words.pop() ?? ''
    const parent = words.reduce(
      (at, word) => at.commands.find((one) => one.name() === word) ?? newGroup(at, word),
      program,
    )
    addCommand(parent, last, row, onCall)
  }
  return program
}

function newGroup(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('look after the store')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
}

function addCommand(
  parent: Command,
  name: string,
  row: CommandRow,
  onCall: (row: CommandRow, args: readonly string[], options: Options) => void,
): void {
  const command = parent
    .command(name)
    .summary(row.summary)
    .description(`${capitalised(row.summary)}.\n\n${row.about}`)
  command.helpOption('-h, --help', 'print help')
  for (const argument of row.args) command.addArgument(new Argument(shownArgument(argument), argument.about))
  for (const option of row.options) command.addOption(makeOption(OPTIONS[option]))
  command.addHelpText('after', `\n${exampleText(row)}`)
  command.action((...given: unknown[]) => {
    // Strings, a list where an argument takes several, undefined where one is left out; then commander's own objects.
    const args = row.args.flatMap((_, index) => (given[index] ?? '') as string | string[])
    onCall(row, args, { ...DEFAULTS, ...valuesOf(row, command) })
  })
}

/** Options by their names here: two commands may have different ones behind the same flag. */
function valuesOf(row: CommandRow, command: Command): Partial<Options> {
  const given: Readonly<Record<string, unknown>> = command.opts()
  const values = row.options.map((name) => [name, given[makeOption(OPTIONS[name]).attributeName()]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

function makeOption({ flags, about, read, isRepeatable }: OptionRow): Option {
  const option = new Option(flags, about)
  if (read !== undefined) option.argParser(read)
  if (isRepeatable) option.argParser((value: string, before: readonly string[] = []) => [...before, value])
  return option
}

/** Examples of a command, one per line. */
function exampleText({ examples }: CommandRow): string {
  const widest = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, what]) => `  ${what === '' ? line : `${line.padEnd(widest)}  # ${what}`}`)
  return `Examples:\n${lines.join('\n')}`
}

function exitStatusText(): string {
  const lines = EXIT_STATUSES.map(([status, meaning]) => `  ${String(status).padStart(3)}  ${meaning}`)
  return `Exit statuses:\n${lines.join('\n')}\n\nDocumentation: docs/cli.md, docs/errors.md`
}

/** Commander's complaint, with its suggestion as the hint. */
function usageError(message: string, words: readonly string[]): MrrlError {
  const [complaint = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1')
  const row = COMMANDS.find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `))
  const help = `See: mrrl ${row === undefined ? '' : `${row.name} `}--help`
  return new MrrlError('E_USAGE', complaint, { hint: suggestion === '' ? help : suggestion })
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
