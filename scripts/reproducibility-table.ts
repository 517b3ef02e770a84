import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ThingReport, VerifyReport } from '../src/verify/report.ts'
import { VARIATIONS } from '../src/verify/variations.ts'

/**
 * Writes the tables of `docs/reproducibility.md`: the variations, and results from reports of `mrrl verify --json`.
 * Without a report the results stay as they are.
 *
 *   node scripts/reproducibility-table.ts [report.json]...
 */
const page = resolve(import.meta.dirname, '../docs/reproducibility.md')
const reports = process.argv.slice(2).flatMap((file): VerifyReport[] => JSON.parse(readFileSync(file, 'utf8')).profiles)

let text = replaced(readFileSync(page, 'utf8'), 'variations', variationTable())
if (reports.length > 0) text = replaced(text, 'results', reports.map(resultSection).join('\n\n'))
writeFileSync(page, text)

/** The page with another text between the two comments of a name. */
function replaced(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for ${name}`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

function variationTable(): string {
  return table(
    ['name', 'what is varied'],
    VARIATIONS.map(({ name, about }) => [`\`${name}\``, about]),
  )
}

function resultSection(report: VerifyReport): string {
  const { profile, depth, seed, rounds, skipped, packages, images } = report
  const varied = [...new Set(rounds.flatMap(({ conditions }) => conditions.map(({ variation }) => variation)))]
  const left = skipped.map(({ variation, why }) => `${variation} (${why})`)
  const things = [...packages, ...images].filter(({ verdict }) => verdict !== 'not rebuilt')
  return [
    `### ${profile}`,
    `Depth \`${depth}\`, seed \`${seed}\`, ${rounds.length} rebuilds. Varied: ${varied.join(', ') || 'nothing'}.` +
      ` Not varied: ${left.join(', ') || 'nothing'}.`,
    table(['package or image', 'version', 'result', 'SHA-256'], things.map(resultRow)),
  ].join('\n\n')
}

function resultRow(thing: ThingReport): string[] {
  const { name, version, locked, rebuilt, guilty } = thing
  const hash = (locked || rebuilt[0] || '').replace(/^sha256:/, '')
  const why = guilty.length === 0 ? '' : ` (${guilty.join(', ')})`
  return [name, version, `${verdictOf(thing)}${why}`, hash === '' ? '' : `\`${hash.slice(0, 16)}…\``]
}

function verdictOf({ verdict, follows }: ThingReport): string {
  if (verdict === 'same') return 'as locked, each time'
  if (verdict === 'agrees') return 'the same each time, not locked'
  return verdict === 'follows' ? `differs because of ${follows.join(', ')}` : verdict
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
