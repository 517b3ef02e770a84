import { collect, verify } from '../engine/store-care.ts'
import type { GarbageReport } from '../store/gc.ts'
import type { VerifyReport } from '../store/verify.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import type { Call } from './context.ts'
import { formatBytes, formatTable, groupDigits } from './format.ts'
import { lockFolders, storeHome } from './settings.ts'
import { LiveRegion } from './view/live-region.ts'

const DAY_MS = 86_400_000

/** `mrrl store verify` */
export async function runVerify({ options, context }: Call): Promise<number> {
  const { out, err } = context
  let state = 'looking at the store'
  const isLive = err.isTerminal && !options.quiet && !options.json
  const region = isLive ? new LiveRegion(err, () => [` · ${state}`]) : undefined
  let report: VerifyReport
  try {
    report = await verify(storeHome(context), (step, done, total) => {
      state = `${step}: ${groupDigits(done)} of ${groupDigits(total)}`
    })
  } finally {
    region?.close()
  }
  const damaged = report.steps.flatMap((step) => step.damaged)
  if (options.json) out.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else {
    for (const { path, problem } of damaged) err.write(`${err.style.red('damaged')}  ${path} ${problem}\n`)
    if (!options.quiet) out.lines(verifyLines(report))
  }
  return damaged.length === 0 ? 0 : ERROR_CODES.E_STORE_CORRUPT.exit
}

/** `mrrl gc` */
export async function runCollect({ options, context }: Call): Promise<number> {
  const report = await collect(storeHome(context), {
    lockFolders: lockFolders(context),
    since: Date.now() - options.olderThan * DAY_MS,
    isDryRun: options.dryRun,
  })
  if (options.json) context.out.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else if (!options.quiet) context.out.lines(garbageLines(report))
  return 0
}

function verifyLines({ steps, bytes }: VerifyReport): string[] {
  const rows = steps.map(({ name, checked, damaged }) => [
    name,
    groupDigits(checked),
    damaged.length === 0 ? 'all whole' : `${groupDigits(damaged.length)} damaged and removed`,
  ])
  const isWhole = steps.every(({ damaged }) => damaged.length === 0)
  const end = isWhole ? 'the store is whole' : 'the next build fetches or builds again what was removed'
  return [...formatTable(rows, [1]), `${formatBytes(bytes)} read, ${end}`]
}

function garbageLines({ collected, bytes, isDryRun }: GarbageReport): string[] {
  const rows = collected.map((one) => [
    one.kind,
    `${groupDigits(one.removed)} removed`,
    `${groupDigits(one.kept)} kept`,
    formatBytes(one.bytes),
  ])
  return [...formatTable(rows, [1, 2, 3]), `${formatBytes(bytes)} ${isDryRun ? 'would come free' : 'freed'}`]
}
