import { tmpdir } from 'node:os'
import type { Finding, Verdict } from '../doctor/check.ts'
import { type DoctorReport, examine } from '../doctor/doctor.ts'
import type { Call } from './context.ts'
import { formatTable } from './format.ts'
import { wantedNode } from './package-folder.ts'
import { lockFolder, settingsFor } from './settings.ts'
import type { Style } from './style.ts'
import { LiveRegion } from './view/live-region.ts'

/** `mrrl doctor [profile...]` */
export async function runDoctor(call: Call): Promise<number> {
  const { args, options, context } = call
  const { out, err, env } = context
  let state = ''
  const isLive = err.isTerminal && !options.quiet && !options.json
  const region = isLive ? new LiveRegion(err, () => [` · looking at: ${state}`]) : undefined
  let report: DoctorReport
  try {
    report = await examine({
      profiles: args.filter((name) => name !== ''),
      settings: await settingsFor(call, { profile: '', use: 'read' }, () => undefined),
      lockFolderOf: (profile) => lockFolder({ profile, use: 'read' }, context),
      node: {
        version: process.versions.node,
        wanted: wantedNode(),
        zlib: process.versions.zlib ?? '',
        zstd: process.versions.zstd ?? '',
      },
      now: Date.now(),
      path: (env.PATH ?? '').split(':').filter((folder) => folder !== ''),
      temporaryFolder: tmpdir(),
      isFull: options.full,
      onStart: (name) => {
        state = name
      },
    })
  } finally {
    region?.close()
  }
  if (options.json) out.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else out.lines(doctorLines(report, options.quiet, out.style))
  return report.exit
}

/** One line per finding with what mends it below; with `isQuiet` only warnings and failures. */
function doctorLines({ findings }: DoctorReport, isQuiet: boolean, style: Style): string[] {
  const isTrouble = ({ verdict }: Finding): boolean => verdict === 'warn' || verdict === 'fail'
  const shown = isQuiet ? findings.filter(isTrouble) : findings
  const rows = formatTable(shown.map(({ check, verdict, found }) => [mark(verdict, style), check, found]))
  const lines = shown.flatMap((finding, index) => {
    const fix = isTrouble(finding) && finding.fix !== '' ? [`      ${style.cyan('→')} ${finding.fix}`] : []
    return [rows[index] ?? '', ...fix]
  })
  if (isQuiet) return lines
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length
  return [
    ...lines,
    `${count('pass')} passed, ${count('warn')} to look at, ${count('fail')} failed, ${count('skipped')} skipped`,
  ]
}

function mark(verdict: Verdict, style: Style): string {
  if (verdict === 'pass') return style.green('ok')
  if (verdict === 'warn') return style.yellow('warn')
  return verdict === 'fail' ? style.red('FAIL') : style.dim('skip')
}
