import { relative, resolve } from 'node:path'
import type { FetchEvent } from '../engine/events.ts'
import { type FetchReport, type FetchSettings, type FileReport, fetchLocked } from '../engine/fetch.ts'
import { checkMirror, type MirrorVerification, mirror } from '../engine/mirror.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import { MrrlError } from '../util/errors.ts'
import type { Call } from './context.ts'
import { formatBytes, formatDuration, formatTable, groupDigits, toOneLine } from './format.ts'
import { fetchSettingsFor, lockFilesFor } from './settings.ts'
import { openFetchView } from './view/fetch-view.ts'

/** `mrrl fetch [profile...]` */
export async function runFetch(call: Call): Promise<number> {
  const { options, context } = call
  const locks = lockFilesFor(call.args, context)
  const report = await watched(call, (settings) => fetchLocked(locks, settings))
  if (options.json) printJson(call, report)
  else if (!options.quiet) context.out.lines([...fileLines(report), sumLine(report, 'in the store')])
  return 0
}

/** `mrrl mirror <folder> [profile...]` */
export async function runMirror(call: Call): Promise<number> {
  const { options, context } = call
  const { cwd, out } = context
  const [folder = '', ...profiles] = call.args
  const locks = lockFilesFor(profiles, context)
  if (options.bundle !== '' && !options.bundle.endsWith('.tar.zst')) {
    throw new MrrlError('E_USAGE', `the name ${options.bundle} does not end in .tar.zst, which a bundle is`)
  }
  const bundle = options.bundle === '' ? '' : resolve(cwd, options.bundle)
  const report = await watched(call, (settings) => mirror(resolve(cwd, folder), bundle, locks, settings))
  if (options.json) printJson(call, report)
  else if (!options.quiet) {
    out.lines([...fileLines(report), sumLine(report, `in ${folder}`)])
    if (report.bundle !== undefined) {
      out.lines([`${out.style.bold(relative(cwd, report.bundle.path))}  ${groupDigits(report.bundle.bytes)} B`])
    }
  }
  return 0
}

/** `mrrl mirror verify <folder>` */
export async function runMirrorVerify(call: Call): Promise<number> {
  const { options, context } = call
  const { out, err } = context
  const [folder = ''] = call.args
  const report = await watched(call, (settings) => checkMirror(resolve(context.cwd, folder), settings))
  if (options.json) printJson(call, report)
  else {
    err.lines(problemLines(report).map((line) => err.style.red(line)))
    const end = report.problems.length === 0 ? 'all as they should be' : `${report.problems.length} wrong`
    if (!options.quiet) out.lines([`${groupDigits(report.files)} files, ${formatBytes(report.bytes)}, ${end}`])
  }
  return report.problems.length === 0 ? 0 : ERROR_CODES.E_INTEGRITY.exit
}

async function watched<T>(call: Call, work: (settings: FetchSettings) => Promise<T>): Promise<T> {
  const view = openFetchView(call.options, call.context, () => performance.now())
  try {
    return await work(await fetchSettingsFor(call, (event: FetchEvent) => view.onEvent(event)))
  } finally {
    view.close()
  }
}

/** What was fetched; files that were there are only counted. */
function fileLines({ files }: FetchReport): string[] {
  const fetched = files.filter(({ state }) => state === 'fetched')
  return formatTable(
    fetched.map(({ names, integrity, bytes, from }) => [names[0] ?? integrity, formatBytes(bytes), from]),
    [1],
  )
}

function sumLine({ files, refused, wallMs }: FetchReport, where: string): string {
  const count = (state: FileReport['state']): number => files.filter((file) => file.state === state).length
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const parts = [
    `${groupDigits(files.length)} ${files.length === 1 ? 'file' : 'files'} ${where}, ${formatBytes(bytes)}`,
    `${count('fetched')} fetched`,
    `${count('from the store')} from the store`,
    `${count('there')} there already`,
    `${refused.length} refused`,
  ]
  return [...parts.filter((part) => !part.startsWith('0 ')), formatDuration(wallMs)].join(', ')
}

function problemLines({ problems }: MirrorVerification): string[] {
  return formatTable(
    problems.map(({ kind, path, names, found }) => [
      kind,
      // What somebody else wrote into the mirror, and names of files in it, may hold anything.
      toOneLine(names.length === 0 ? path : `${names.join(', ')} (${path})`),
      `found: ${toOneLine(found)}`,
    ]),
  )
}

function printJson({ context }: Call, value: object): void {
  context.out.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
