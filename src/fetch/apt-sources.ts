import { join } from 'node:path'
import { compareBytes } from '../util/compare.ts'
import type { Host } from './host-config.ts'

const FOLDER = '/etc/apt'
/** Archives asked for one file at most; a machine with many third-party archives would otherwise ask them all. */
const MOST_MIRRORS = 4

/** One archive of apt's sources. */
interface AptSource {
  /** Base URL, the folder that holds `pool/`. */
  readonly uri: string
  readonly components: readonly string[]
}

/**
 * Base URLs, or absolute folders, of the archives in apt's sources, sources.list(5), those that look like Debian's own
 * first and its security archive last. Only archives with the component `main` over http, https or file count.
 */
export async function readAptMirrors(host: Host): Promise<readonly string[]> {
  const names = [...(await host.listFolder(join(FOLDER, 'sources.list.d')))].sort(compareBytes)
  const paths = ['sources.list', ...names.map((name) => `sources.list.d/${name}`)]
  const sources: AptSource[] = []
  for (const path of paths) {
    const text = await host.readFile(join(FOLDER, path))
    if (text === undefined) continue
    if (path.endsWith('.list')) sources.push(...parseSourcesList(text))
    else if (path.endsWith('.sources')) sources.push(...parseDeb822(text))
  }
  const bases = sources.filter(({ components }) => components.includes('main')).map(({ uri }) => baseOf(uri))
  const known = [...new Set(bases.filter((base) => base !== undefined))]
  return known.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_MIRRORS)
}

/** Reads the one-line form: `deb [options] uri suite component…`. Flat archives (a suite that ends in `/`) have no pool. */
function parseSourcesList(text: string): AptSource[] {
  const sources: AptSource[] = []
  for (const line of text.split('\n')) {
    const [, uri, suite, rest] =
      /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line.replace(/^\s*#.*/, '')) ?? []
    if (uri === undefined || suite === undefined || suite.endsWith('/')) continue
    sources.push({ uri, components: words(rest) })
  }
  return sources
}

/** Reads the stanza form, `URIs:` and so on, deb822(5). */
function parseDeb822(text: string): AptSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const sources: AptSource[] = []
  for (const stanza of lines.join('\n').split(/\n\s*\n/)) {
    const fields = new Map<string, string>()
    for (const line of stanza.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const [, name, value] = /^([A-Za-z-]+):(.*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) fields.set(name.toLowerCase(), value)
    }
    if (/^\s*(no|false|0|off|without|disable)\s*$/i.test(fields.get('enabled') ?? '')) continue
    const components = words(fields.get('components'))
    for (const uri of words(fields.get('uris'))) sources.push({ uri, components })
  }
  return sources
}

function baseOf(uri: string): string | undefined {
  if (/^https?:\/\//.test(uri) && URL.canParse(uri)) return uri
  return /^(file|copy):\//.test(uri) ? decodeURIComponent(new URL(uri).pathname) : undefined
}

function rank(base: string): number {
  if (/security/i.test(base)) return 2
  return /debian|ubuntu/i.test(base.replace(/^https?:\/\/[^/]*/, '')) ? 0 : 1
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}
