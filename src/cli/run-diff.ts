import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { COMPARE_DEFAULTS, compareSides } from '../compare/compare.ts'
import { openSide } from '../compare/open-side.ts'
import type { Side } from '../compare/side.ts'
import type { Difference } from '../model/difference.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import type { Call } from './context.ts'
import { formatBytes, groupDigits } from './format.ts'
import { differenceLines, differenceSummary } from './show-difference.ts'
import { openStatusLine } from './view/status-line.ts'

const SAME = 0
const DIFFERENT = 1
/** Statuses with which diffoscope says the same; others mean that it failed. */
const DIFFOSCOPE_STATUSES = [SAME, DIFFERENT]
const DIFFOSCOPE_HINT = 'Install diffoscope, or leave out: --with-diffoscope. Nothing else needs it.'
/** Lines that are written at once. */
const LINES = 512

/** `mrrl diff <before> <after>` */
export async function runDiff(call: Call): Promise<number> {
  const { args, options, context } = call
  const [before, after] = [placeOf(args[0] ?? '', call), placeOf(args[1] ?? '', call)]
  if (options.withDiffoscope) await checkDiffoscope(call)
  const differences = await compare([before, after], call)
  const shown = differences.slice(0, options.limit ?? differences.length)
  if (options.json) await printJson({ before, after, differences: differences.length, shown }, call)
  else if (!options.quiet) await print(differences, shown, rootName(before, after), call)
  if (options.withDiffoscope) {
    await context.out.flush()
    await runDiffoscope([before, after])
  }
  return differences.length === 0 ? SAME : DIFFERENT
}

/** The path of an argument; throws `E_USAGE`, because status 1 has another meaning here. */
function placeOf(name: string, { context }: Call): string {
  const path = resolve(context.cwd, name)
  if (existsSync(path)) return path
  throw new MrrlError('E_USAGE', `there is no file or folder ${name}`, { fields: { path } })
}

/** What cannot be read must not end with the status of what differs. */
function withOtherStatus(error: unknown): unknown {
  if (!(error instanceof MrrlError) || !error.code.startsWith('E_SOURCE')) return error
  const hint = 'Make it readable, and let nothing change it meanwhile.'
  return new MrrlError('E_USAGE', error.message, { fields: error.fields, hint, cause: error })
}

async function compare(paths: readonly [string, string], { options, context }: Call): Promise<Difference[]> {
  const status = openStatusLine(options, context)
  const sides: Side[] = []
  const progress =
    (what: string) =>
    ({ entries, bytes }: { readonly entries: number; readonly bytes: number }): void =>
      status.show(`${what}  ${groupDigits(entries)} entries  ${formatBytes(bytes)}`)
  const { signal } = context.interruption
  try {
    for (const path of paths) {
      sides.push(await openSide(path, { signal, threads: context.processors, onProgress: progress('reading') }))
    }
    const [a, b] = sides as [Side, Side]
    return await compareSides(a, b, { ...COMPARE_DEFAULTS, signal, onProgress: progress('comparing') })
  } catch (error) {
    throw withOtherStatus(error)
  } finally {
    status.close()
    for (const side of sides) await side.close()
  }
}

async function print(
  all: readonly Difference[],
  shown: readonly Difference[],
  root: string,
  { context: { out } }: Call,
): Promise<void> {
  const view = { style: out.style, columns: out.isTerminal ? out.columns : LONGEST_PLAIN, root }
  if (all.length === 0) return void out.lines(['no difference'])
  const lines = differenceLines(shown, view)
  for (let at = 0; at < lines.length; at += LINES) {
    if (!(await out.pass(`${lines.slice(at, at + LINES).join('\n')}\n`))) return
  }
  const rest = all.length - shown.length
  const more = rest === 0 ? [] : [`${groupDigits(rest)} more are not shown (--limit)`]
  out.lines([...more, '', ...differenceSummary(all, view)])
}

/** What the roots are called, which have no path of their own. */
function rootName(before: string, after: string): string {
  const [old, now] = [basename(before), basename(after)]
  return old === now ? old : `${old}, ${now}`
}

/** Columns where there is no terminal: lines are to be searched, not to fit. */
const LONGEST_PLAIN = 400

interface Report {
  readonly before: string
  readonly after: string
  readonly differences: number
  readonly shown: readonly Difference[]
}

async function printJson({ before, after, differences, shown }: Report, { context: { out } }: Call): Promise<void> {
  const head = { before, after, same: differences === 0, count: differences }
  const open = JSON.stringify(head, undefined, 2).replace(/\n\}$/, ',\n  "differences": [')
  if (!(await out.pass(open))) return
  for (const [index, difference] of shown.entries()) {
    if (!(await out.pass(`${index === 0 ? '' : ','}\n    ${JSON.stringify(difference)}`))) return
  }
  await out.pass(shown.length === 0 ? ']\n}\n' : '\n  ]\n}\n')
}

async function checkDiffoscope({ options }: Call): Promise<void> {
  if (options.json) throw new MrrlError('E_USAGE', '--with-diffoscope and --json contradict each other')
  if ((await diffoscope(['--version'], 'ignore')) === undefined) {
    throw new MrrlError('E_USAGE', 'diffoscope is not installed', { hint: DIFFOSCOPE_HINT })
  }
}

async function runDiffoscope(paths: readonly [string, string]): Promise<void> {
  const status = await diffoscope(['--', ...paths], 'inherit')
  if (status !== undefined && DIFFOSCOPE_STATUSES.includes(status)) return
  throw new MrrlError('E_USAGE', `diffoscope ended with ${status}`, { hint: DIFFOSCOPE_HINT })
}

/** Its exit status; undefined when there is no such program, -1 when it was killed. */
function diffoscope(args: readonly string[], output: 'inherit' | 'ignore'): Promise<number | undefined> {
  const child = spawn('diffoscope', args, { stdio: ['ignore', output, output] })
  return new Promise((done, fail) => {
    child.on('error', (error) => (isErrno(error, 'ENOENT', 'EACCES') ? done(undefined) : fail(error)))
    child.on('close', (status) => done(status ?? -1))
  })
}
