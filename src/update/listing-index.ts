import { isEntryName } from '../model/directory.ts'
import { MrrlError } from '../util/errors.ts'
import { mustAsk, refused, tooMuch } from './ask.ts'
import { type Index, namesOnly, type Subject } from './index-answer.ts'
import { type NamePattern, parsePattern, patternsOf, versionIn } from './name-pattern.ts'
import type { UpdateSession } from './session.ts'

/** Longest link that is looked at, in characters. */
const LONGEST_LINK = 1024

/** Versions by the file names that a directory page of a web server links to. */
export async function openListing(name: string, url: string, subject: Subject, session: UpdateSession): Promise<Index> {
  const { config } = session
  const patterns = listedPatterns(subject)
  const links = await session.once(url, async () => {
    const question = { url, bytes: config.limits.bytes, headers: { accept: 'text/html' }, mayMove: false }
    return linksIn(Buffer.from(await mustAsk(question, config)).toString('utf8'), url, config.limits.entries)
  })
  const versions = links.flatMap((link) => {
    const last = lastSegment(link)
    const found = patterns.map((pattern) => versionIn(last, pattern)).find((version) => version !== undefined)
    if (found === undefined || !/^[0-9]/.test(found)) return []
    // What is listed lies in this folder: a link that leads elsewhere under the right name is a trick or a mistake.
    if (link.replace(/^\.\//, '') !== last || !isEntryName(last.replace(/\/$/, ''))) {
      throw refused(url, `it links to ${JSON.stringify(link.slice(0, 200))}, which is more than a file name`)
    }
    return [found]
  })
  return namesOnly(name, versions, true)
}

function listedPatterns({ name, version, sources, pattern }: Subject): NamePattern[] {
  const own = pattern === '' ? patternsOf(sources, version) : [parsePattern(pattern)]
  const patterns = own.filter((each) => each !== undefined)
  if (patterns.length > 0) return patterns
  throw new MrrlError('E_RECIPE_INVALID', `${name}: a page cannot be read, for no file name holds the version`, {
    hint: 'Set the pattern of its update rules, e.g. release-{version}/',
  })
}

/** Values of all `href` attributes, decoded. Every character is passed once or twice, whatever the page holds. */
export function linksIn(html: string, url: string, most: number): string[] {
  const links: string[] = []
  const find = /\bhref\s{0,8}=\s{0,8}/gi
  for (let seen = 0; find.exec(html) !== null; seen++) {
    if (seen >= most) throw tooMuch(url, `it has more than ${most} links`)
    const rest = html.slice(find.lastIndex, find.lastIndex + LONGEST_LINK)
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : ''
    const end = quote === '' ? rest.search(/[\s>]/) : rest.indexOf(quote, 1)
    if (end > 0) links.push(decode(rest.slice(quote.length, end)))
  }
  return links
}

function decode(link: string): string {
  const text = link.replaceAll('&amp;', '&').replaceAll('&#43;', '+')
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The name at the end, with its slash for a folder. */
function lastSegment(link: string): string {
  const path = link.replace(/[?#].*$/s, '')
  return path.slice(path.lastIndexOf('/', path.length - 2) + 1)
}
