import { listPackages, listProfiles, readLog, shell } from '../engine/inspect.ts'
import type { Settings } from '../engine/settings.ts'
import type { Call } from './context.ts'
import { formatDuration, formatTable, truncate } from './format.ts'
import { settingsFor } from './settings.ts'

/** `mrrl ls [profile]`; '' lists the profiles. */
export async function listNamed(profile: string, call: Call): Promise<number> {
  const { out } = call.context
  const settings = await settingsOf(call)
  if (profile === '') {
    const profiles = await listProfiles(settings)
    if (call.options.json) return printJson(call, profiles)
    const rows = profiles.map(({ name, arch, packages, summary }) => [
      out.style.bold(name),
      arch,
      packages.join(' '),
      summary,
    ])
    out.lines(cut(call, formatTable([['PROFILE', 'MACHINE', 'PACKAGES', ''], ...rows])))
    return 0
  }
  const packages = await listPackages(profile, settings)
  if (call.options.json) return printJson(call, packages)
  const rows = packages.map(({ name, version, license, role, cached, wallMs }) => {
    const time = wallMs > 0 ? formatDuration(wallMs) : ''
    return [out.style.bold(name), version, role, cached ? 'in the store' : '', time, license]
  })
  out.lines(cut(call, formatTable([['PACKAGE', 'VERSION', 'ROLE', 'BUILT', 'TIME', 'LICENCE'], ...rows], [4])))
  return 0
}

/** `mrrl log <profile> <package>` */
export async function runLog(call: Call): Promise<number> {
  const [profile = '', name = ''] = call.args
  const log = await readLog(profile, name, await settingsOf(call))
  if (call.options.json) return printJson(call, { profile, package: name, ...log })
  call.context.out.write(log.text === '' || log.text.endsWith('\n') ? log.text : `${log.text}\n`)
  return 0
}

/** `mrrl shell <profile> <package>` */
export async function runShell(call: Call): Promise<number> {
  const [profile = '', name = ''] = call.args
  call.context.interruption.handOver()
  return shell(profile, name, await settingsOf(call))
}

function settingsOf(call: Call): Promise<Settings> {
  return settingsFor(call, { profile: call.args[0] ?? '', use: 'read' }, () => undefined)
}

function printJson({ context }: Call, value: unknown): number {
  context.out.write(`${JSON.stringify(value, undefined, 2)}\n`)
  return 0
}

/** On a terminal a row is a line. Colours are in the first column, which is never cut. */
function cut({ context: { out } }: Call, lines: readonly string[]): string[] {
  if (!out.isTerminal) return [...lines]
  return lines.map((line) => {
    const extra = line.length - visible(line)
    return truncate(line, out.columns + extra)
  })
}

function visible(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  return line.replace(/\x1b\[[0-9;]*m/g, '').length
}
