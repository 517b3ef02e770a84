import { MrrlError } from '../util/errors.ts'
import { groupDigits } from './format.ts'
import type { Style } from './style.ts'

/** Fields that are shown in a way of their own, or that the message has said already. */
const SHOWN_APART = new Set(['lastLines'])

/** Any failure as the program's own kind; one that nobody foresaw is a fault in the program. */
export function toMrrlError(error: unknown): MrrlError {
  if (error instanceof MrrlError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new MrrlError('E_INTERNAL', message, { cause: error })
}

/**
 * An error for people: code and message, the facts below each other, the end of a log, and what to do next.
 * @param words what `<profile>`, `<package>` and `<image>` stand for in hints
 */
export function errorLines(error: MrrlError, words: Readonly<Record<string, string>>, style: Style): string[] {
  const facts = Object.entries(error.fields).filter(([name]) => !SHOWN_APART.has(name))
  const widest = Math.max(0, ...facts.map(([name]) => label(name).length))
  const lines = [`${style.red(style.bold(error.code))}  ${error.message}`]
  for (const [name, value] of facts) {
    const [first = '', ...others] = valueLines(value)
    lines.push(`  ${style.dim(label(name).padEnd(widest))}  ${first}`)
    for (const line of others) lines.push(`  ${' '.repeat(widest)}  ${line}`)
  }
  const log = error.fields.lastLines
  if (Array.isArray(log)) lines.push(...log.map((line) => `  ${style.dim('|')} ${line}`))
  lines.push(`  ${fillIn(error.hint, { ...words, ...textFields(error) })}`)
  if (error.code === 'E_INTERNAL') lines.push(...stackLines(error))
  return lines
}

/** An error for programs. */
export function errorDocument(error: MrrlError, words: Readonly<Record<string, string>>): object {
  const { code, message, fields, exit } = error
  return { error: { code, message, fields, hint: fillIn(error.hint, { ...words, ...textFields(error) }), exit } }
}

function valueLines(value: MrrlError['fields'][string]): string[] {
  if (typeof value === 'number') return [groupDigits(value)]
  if (typeof value === 'boolean') return [value ? 'yes' : 'no']
  if (typeof value === 'string') return value.split('\n')
  // Names fit on one line, sentences do not.
  return value.some((item) => item.includes(' ')) ? [...value] : [value.join(', ')]
}

/** `notStarted` as people write it. */
function label(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function fillIn(hint: string, words: Readonly<Record<string, string>>): string {
  return hint.replace(/<(profile|package|image)>/g, (whole, word: string) => words[word] ?? whole)
}

function textFields({ fields }: MrrlError): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function stackLines(error: MrrlError): string[] {
  const { stack } = error.cause instanceof Error ? error.cause : error
  return (stack ?? '').split('\n').slice(1)
}
