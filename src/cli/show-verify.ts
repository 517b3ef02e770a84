import { placeText } from '../compare/place-text.ts'
import type { Difference } from '../model/difference.ts'
import { USUAL_SEED } from '../model/seed.ts'
import type { CauseReport, HandedReport, ThingReport, VerifyReport } from '../verify/report.ts'
import { formatDuration, formatTable, toOneLine } from './format.ts'
import { type DifferenceView, differenceLines, differenceSummary } from './show-difference.ts'
import type { Style } from './style.ts'

/** Files that are listed for one cause; the others are counted. */
const MOST_FILES = 8

/** What a verification found: a line for each package, then everything that differs, then the sum. */
export function verifyLines(report: VerifyReport, view: DifferenceView): string[] {
  const { style } = view
  const things = [...report.packages, ...report.images]
  const rebuilt = things.filter(({ verdict }) => verdict !== 'not rebuilt')
  return [
    ...formatTable(rebuilt.map((thing) => [`  ${thing.name} ${style.dim(thing.version)}`, verdictText(thing, style)])),
    ...things.flatMap((thing) => thingLines(thing, style)),
    ...handedLines(report.handed, view),
    ...skippedLines(report, style),
    totalLine(report, rebuilt, style),
  ]
}

function verdictText({ verdict, follows }: ThingReport, style: Style): string {
  if (verdict === 'same') return style.green('as locked')
  if (verdict === 'agrees') return style.yellow('the same each time, not locked')
  if (verdict === 'not compared') return style.dim('made by another compiler, not compared')
  if (verdict === 'follows')
    return style.yellow(`differs because ${follows.join(', ')} ${follows.length === 1 ? 'does' : 'do'}`)
  return style.red('differs')
}

function thingLines(thing: ThingReport, style: Style): string[] {
  if (thing.verdict !== 'different') return []
  const { name, guilty, causes, differences, note } = thing
  const alone = guilty.length === 0 ? '' : `, when ${guilty.join(' or ')} is varied`
  const head = guilty.includes('nothing') ? `${name} differs, even when nothing is varied` : `${name} differs${alone}`
  return [
    '',
    style.bold(head),
    ...(note === '' ? [] : [`  ${note}`]),
    ...causes.flatMap((cause) => causeLines(cause, differences, style)),
  ]
}

function causeLines(
  { name, because, advice, files }: CauseReport,
  differences: readonly Difference[],
  style: Style,
): string[] {
  const shown = files.slice(0, MOST_FILES).flatMap((path) => {
    const own = differences.filter((one) => one.path === path && one.cause.name === name && !one.follows)
    return [`    /${toOneLine(path)}`, ...own.slice(0, 3).map((one) => `      ${style.dim(lineOf(one))}`)]
  })
  const more = files.length > MOST_FILES ? [`    and ${files.length - MOST_FILES} more files`] : []
  return [
    `  ${style.red(name)}${because === '' ? '' : `: ${toOneLine(because)}`}`,
    ...shown,
    ...more,
    ...(advice === '' ? [] : [`    ${style.cyan('→')} ${advice}`]),
  ]
}

/** Where in a file, and both values where there are some. */
function lineOf({ where, before, after }: Difference): string {
  if (before === null) return `${placeText(where)} only rebuilt`.trim()
  if (after === null) return `${placeText(where)} only locked`.trim()
  const values = before === '' && after === '' ? '' : `: ${excerpt(before)} → ${excerpt(after)}`
  return `${placeText(where)}${values}`
}

function excerpt(text: string): string {
  const line = toOneLine(text.split('\n')[0] ?? '')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

/** An image that was handed over is compared as `mrrl diff` compares two. */
function handedLines(handed: HandedReport | null, view: DifferenceView): string[] {
  if (handed === null) return []
  const { path, image, digest, verdict, differences } = handed
  const { style } = view
  if (verdict === 'same') return [`${style.green('the same as')} ${image}: ${path} (${digest})`]
  const shown = { ...view, root: image }
  return [
    '',
    ...differenceLines(differences, shown),
    '',
    ...differenceSummary(differences, shown),
    `${path} ${style.red('is not')} ${image}`,
  ]
}

function skippedLines({ skipped }: VerifyReport, style: Style): string[] {
  const unable = skipped.filter(({ why }) => why !== 'not asked for')
  return unable.map(({ variation, why }) => style.yellow(`skipped: ${variation} (${toOneLine(why)})`))
}

function totalLine(
  { profile, seed, verdict, rounds, wallMs }: VerifyReport,
  things: readonly ThingReport[],
  style: Style,
): string {
  const differing = things.filter((thing) => thing.verdict === 'different' || thing.verdict === 'follows').length
  const varied = new Set(rounds.flatMap(({ conditions }) => conditions.map(({ variation }) => variation))).size
  const compared = things.filter((thing) => thing.verdict !== 'not compared').length
  const source = seed === USUAL_SEED ? '' : ` from the first compiler ${seed}`
  const how = seed === USUAL_SEED ? `${rounds.length} rounds, ${varied} variations` : '1 rebuild'
  const what = `${compared} packages and images, ${how}, ${formatDuration(wallMs)}`
  if (verdict === 'same') return `${style.green(`${profile} is reproducible${source}`)}: ${what}`
  const fault =
    differing === 0 ? `this is not the image of ${profile}` : `${differing} of ${profile} came out differently`
  return `${style.red(`E_NOT_REPRODUCIBLE  ${fault}${source}`)}: ${what}`
}
