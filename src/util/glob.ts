import { MrrlError } from './errors.ts'

/** Most alternatives that the braces of one pattern may stand for. */
const MAX_ALTERNATIVES = 1024

/**
 * Compiles glob patterns once; the result tells whether a path (segments joined by `/`, no leading slash) matches any.
 *
 * `*` is any run of characters but `/`, `?` one character, `{a,b}` either; a whole segment `**` is any number of
 * segments, none included; at the end it is at least one, so `bin/**` is all below `bin` but not `bin`. Every other character stands for itself (BusyBox installs a
 * file named `[`), a leading dot is nothing special. No pattern matches nothing.
 * Throws `E_RECIPE_INVALID` for a pattern with an empty, `.` or `..` segment, `**` inside a segment or open braces.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const groups = { count: 0 }
  const sources = patterns.flatMap((pattern) =>
    expandBraces(pattern, pattern).map((plain) => compile(plain, pattern, groups)),
  )
  const expression = new RegExp(`^(?:${sources.join('|')})$`, 'u')
  return (path) => expression.test(path)
}

function compile(plain: string, pattern: string, groups: { count: number }): string {
  const runs: string[][] = [[]]
  for (const segment of plain.split('/')) {
    if (segment === '**') runs.push([])
    else runs.at(-1)?.push(segmentSource(segment, pattern, groups))
  }
  const first = runs.shift() ?? []
  const open = runs.length > 0 && runs.at(-1)?.length === 0
  const rest = runs.filter((run) => run.length > 0)
  if (open && first.length === 0 && rest.length === 0) return '[^]+'
  let source = first.join('/')
  for (const [index, run] of rest.entries()) {
    const body = run.join('/')
    const isLast = index === rest.length - 1
    source += source === '' ? '' : index === 0 ? '/' : ''
    source += isLast ? `(?:[^/]+/)*${body}` : atomic(`(?:[^/]+/)*?${body}/`, groups)
  }
  return open ? `${source}/[^]+` : source
}

function segmentSource(segment: string, pattern: string, groups: { count: number }): string {
  if (segment === '' || segment === '.' || segment === '..') throw invalid(pattern, `it has the segment "${segment}"`)
  if (segment.includes('**')) throw invalid(pattern, '"**" must be a whole segment')
  const [head = '', ...pieces] = segment.split('*').map(literal)
  const tail = pieces.pop()
  if (tail === undefined) return head
  const middle = pieces.map((piece) => (piece === '' ? '' : atomic(`[^/]*?${piece}`, groups)))
  const source = `${head}${middle.join('')}[^/]*${tail}`
  return segment.startsWith('*') ? `(?=[^/])${source}` : source
}

/**
 * A group that is never tried a second way. The leftmost match of every piece but the last is as good as any other,
 * so nothing is lost, and `*a*a*a*b` costs linear instead of exponential time.
 */
function atomic(source: string, groups: { count: number }): string {
  const name = `g${groups.count++}`
  return `(?=(?<${name}>${source}))\\k<${name}>`
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+()[\]{}|]/g, '\\$&').replaceAll('?', '[^/]')
}

function expandBraces(text: string, pattern: string): string[] {
  const start = text.indexOf('{')
  if (start < 0) {
    if (text.includes('}')) throw invalid(pattern, 'it closes a brace that is not open')
    return [text]
  }
  const parts: string[] = []
  let depth = 0
  let from = start + 1
  let at = start
  for (; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) break
    else if (text[at] === ',' && depth === 1) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  if (at === text.length) throw invalid(pattern, 'a brace is not closed')
  parts.push(text.slice(from, at))
  const head = text.slice(0, start)
  if (head.includes('}')) throw invalid(pattern, 'it closes a brace that is not open')
  const tails = expandBraces(text.slice(at + 1), pattern)
  const middles = parts.flatMap((part) => expandBraces(part, pattern))
  if (middles.length * tails.length > MAX_ALTERNATIVES) {
    throw invalid(pattern, `its braces stand for more than ${MAX_ALTERNATIVES} patterns`)
  }
  return middles.flatMap((middle) => tails.map((tail) => head + middle + tail))
}

function invalid(pattern: string, why: string): MrrlError {
  return new MrrlError('E_RECIPE_INVALID', `not a path pattern: ${JSON.stringify(pattern)}: ${why}`, {
    fields: { pattern },
  })
}
