import { isEmptyDiff, type ListChange, type LockDiff, type LockedDifference } from '../engine/lock-diff.ts'
import type { Rebuild } from '../engine/lock-rebuilds.ts'
import { formatTable, groupDigits } from './format.ts'
import type { Style } from './style.ts'

/** What a reviewer reads of two locks. */
export function lockDiffLines(diff: LockDiff, style: Style): string[] {
  if (isEmptyDiff(diff)) return ['nothing has changed']
  return [
    ...diff.settings,
    ...[...diff.seeds, ...diff.packages].flatMap((one) => differenceLines(one, style)),
    ...rebuildLines(diff.rebuilds, style),
    ...outputLines(diff, style),
  ]
}

function differenceLines(one: LockedDifference, style: Style): string[] {
  const facts: (readonly [string, string])[] = [
    ['pinned', one.pinnedFrom.after === '' ? '' : `the recipe says ${one.pinnedFrom.after}`],
    ['licence', changed(one.license.before, one.license.after)],
    ['size', sizeChange(one)],
    ['hosts', listed(one.hosts)],
    ['signers', listed(one.signers)],
    ['vouchers', listed(one.vouchers)],
    ['other bytes', one.rerolled.join(', ')],
  ]
  const rows = facts.filter(([, text]) => text !== '').map(([name, text]) => [`  ${style.dim(name)}`, text])
  return [`${style.bold(one.name)} ${headline(one)}`.trimEnd(), ...formatTable(rows)]
}

function headline({ kind, version, recipe }: LockedDifference): string {
  if (kind === 'new') return `${version.after} is new`.trimStart()
  if (kind === 'gone') return `${version.before} is gone`.trimStart()
  if (version.before !== version.after) return `${version.before} → ${version.after}`
  return recipe ? `${version.after} has a changed recipe` : version.after
}

function rebuildLines(rebuilds: readonly Rebuild[], style: Style): string[] {
  if (rebuilds.length === 0) return []
  const outcome = { same: 'came out the same', changed: 'came out otherwise', unknown: '' }
  const rows = rebuilds.map(({ name, reason, chain, output }) => [
    `  ${name}`,
    chain.length === 0 ? reason : `needs ${chain.join(', which needs ')} (${reason})`,
    style.dim(outcome[output]),
  ])
  return ['built anew:', ...formatTable(rows)]
}

function outputLines({ outputs, images }: LockDiff, style: Style): string[] {
  const count = (which: (change: { before: string; after: string }) => boolean): number => outputs.filter(which).length
  const [changed, added, lost] = [
    count(({ before, after }) => before !== '' && after !== ''),
    count(({ before }) => before === ''),
    count(({ after }) => after === ''),
  ]
  const parts = [
    changed > 0 ? `${changed} with other bits` : '',
    added > 0 ? `${added} recorded` : '',
    lost > 0 ? `${lost} no longer recorded` : '',
  ].filter((part) => part !== '')
  const rows = images.map(({ name, before, after, size }) => [
    style.bold(name),
    before === '' ? 'is new' : after === '' ? 'is no longer recorded' : 'has other bits',
    size.after === 0
      ? ''
      : `${[size.before, size.after]
          .filter((bytes) => bytes > 0)
          .map(groupDigits)
          .join(' → ')} B`,
  ])
  return [...(parts.length === 0 ? [] : [`outputs: ${parts.join(', ')}`]), ...formatTable(rows)]
}

function sizeChange({ kind, size: { before, after } }: LockedDifference): string {
  if (kind !== 'changed' || before === after) return ''
  const share = before === 0 ? '' : ` (${after > before ? '+' : '−'}${percent(Math.abs(after - before), before)} %)`
  return `${groupDigits(before)} → ${groupDigits(after)} B${share}`
}

function percent(part: number, whole: number): string {
  const value = (100 * part) / whole
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}

function changed(before: string, after: string): string {
  return before === after || before === '' || after === '' ? '' : `${before} → ${after}`
}

function listed({ added, dropped }: ListChange): string {
  return [...added.map((one) => `+ ${one}`), ...dropped.map((one) => `− ${one}`)].join(', ')
}
