import { relative } from 'node:path'
import type { Edge } from '../engine/graph.ts'
import type { BuildReason, PackageReason } from '../engine/why.ts'
import type { FileReason } from '../engine/why-file.ts'
import { formatTable, toOneLine } from './format.ts'
import type { Style } from './style.ts'

/** Most paths of one input that are shown; `--json` has all. */
const MOST_PATHS = 5

/** Most lines of a script that are shown, of which `--json` has all too. */
const MOST_LINES = 40

/** Hex digits by which a tree is told from another. */
const SHOWN_DIGITS = 12

/** A package for people. */
export function packageLines(reason: PackageReason, cwd: string, style: Style): string[] {
  const { name, version, role, inImage, chains, neededBy } = reason
  const profileFile = relative(cwd, reason.profileFile)
  return [
    `${style.bold(`${name} ${version}`)}  ${ROLES[role]}${inImage ? '; in the image' : ''}`,
    `  recipe   ${relative(cwd, reason.recipe)}`,
    `  profile  ${profileFile}`,
    '',
    'Brought by',
    ...chains.map(
      ({ line, edges }) => `  ${[`packages: ${line.value}${asReplaced(line)}`, ...edges.map(step)].join(' → ')}`,
    ),
    ...(neededBy.length === 0 ? [] : ['', 'Needed by', ...indented(formatTable(neededBy.map(neededRow)))]),
    '',
    ...buildLines(reason.build, style),
  ]
}

const ROLES: Readonly<Record<PackageReason['role'], string>> = {
  bootstrap: "a build tool made with the host's shell",
  tool: 'a build tool',
  cross: 'part of the cross compiler',
  target: 'a package for the target',
}

const PURPOSES: Readonly<Record<Edge['kind'], string>> = {
  tool: 'runs while it is built',
  cross: 'compiles it',
  sysroot: 'it is compiled against',
  runtime: 'in the image with it',
}

function asReplaced({ value, package: name }: PackageReason['lines'][number]): string {
  return value === name ? '' : ` (the toolchain puts ${name} in its place)`
}

function step({ to, kind, by }: Edge): string {
  return `${to} (${kind}, by ${by})`
}

function neededRow({ from, kind, by }: Edge): string[] {
  return [from, kind, PURPOSES[kind], `by ${by}`]
}

function buildLines({ state, waitsFor, comparedWith, changes }: BuildReason, style: Style): string[] {
  if (state === 'waiting') {
    return [`${style.yellow('Waits')} for ${waitsFor.join(', ')}: built again only if they come out different`]
  }
  const head = state === 'built' ? 'In the store' : style.yellow('Will be built')
  if (comparedWith === 'nothing') {
    return [`${head}; no other request of this profile is on record, so there is nothing to compare with`]
  }
  const against = comparedWith === 'last result' ? 'the last result' : 'the result before'
  if (changes.length === 0) return [`${head}; the request is that of ${against}`]
  return [`${head}; what differs from the request of ${against}:`, ...changes.flatMap((one) => changeLines(one, style))]
}

function changeLines(change: BuildReason['changes'][number], style: Style): string[] {
  const { field, before, now, paths, lines, origin } = change
  const head = `  ${style.bold(field)}${origin === '' ? '' : `  ${origin}`}`
  if (lines.length > 0) return [head, ...scriptLines(lines, style)]
  const shown = (value: string): string => {
    if (value === '') return '(none)'
    return field.startsWith('input ') ? value.slice(0, SHOWN_DIGITS) : toOneLine(value)
  }
  const more = paths.length > MOST_PATHS ? [`    … and ${paths.length - MOST_PATHS} more`] : []
  return [
    head,
    `    ${style.red('-')} ${shown(before)}`,
    `    ${style.green('+')} ${shown(now)}`,
    ...paths.slice(0, MOST_PATHS).map((path) => `    ${toOneLine(path)}`),
    ...more,
  ]
}

function scriptLines(lines: readonly string[], style: Style): string[] {
  const shown = lines.slice(0, MOST_LINES).map((line) => {
    const text = toOneLine(line)
    return `    ${text.startsWith('-') ? style.red(text) : style.green(text)}`
  })
  return lines.length > MOST_LINES ? [...shown, `    … and ${lines.length - MOST_LINES} more`] : shown
}

/** A file for people. */
export function fileLines(reason: FileReason, style: Style): string[] {
  const { path, type, target, inImage, installedBy, isOverride } = reason
  const what = `${style.bold(toOneLine(path))}  ${type}${target === '' ? '' : ` to ${toOneLine(target)}`}`
  const rows = installedBy.map(({ package: name, output, glob, rule }) => [
    name,
    output === 'removed' ? 'removed' : `output ${output}`,
    glob === '' ? 'no glob names it' : `${glob} (${rule === 'recipe' ? 'of the recipe' : 'of every package'})`,
  ])
  return [
    what,
    `  ${inImage ? owner(reason) : style.yellow('not in the image: only runtime files and kept locales are')}`,
    ...(isOverride ? ["  chosen by the profile's overrides"] : []),
    ...(rows.length === 0 ? [] : ['', 'Installed by', ...indented(formatTable(rows))]),
  ]
}

function owner({ package: name, profileField, profile }: FileReason): string {
  if (name !== '') return `from package ${name}`
  return profileField === '' ? 'in every image' : `from the profile ${profile}: ${profileField}`
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
