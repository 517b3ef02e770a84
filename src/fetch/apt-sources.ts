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
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** Key files that it names; none when it leaves that to apt's own. */
  readonly signedBy: readonly string[]
}

/** A Debian archive as apt is set up for it. */
export interface AptArchive {
  /** Base URL, or absolute folder, that holds `dists/` and `pool/`. */
  readonly base: string
  readonly suites: readonly string[]
  /** Files with the public keys that may sign it. */
  readonly keyFiles: readonly string[]
}

/** Debian's own keys, which not every container has in `trusted.gpg.d`. */
const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * Base URLs, or absolute folders, of the archives in apt's sources, sources.list(5), those that look like Debian's own
 * first and its security archive last. Only archives with the component `main` over http, https or file count.
 */
export async function readAptMirrors(host: Host): Promise<readonly string[]> {
  const bases = (await readSources(host)).map(({ uri }) => baseOf(uri))
  const known = [...new Set(bases.filter((base) => base !== undefined))]
  return known.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_MIRRORS)
}

/** The same archives with their suites and keys, without those that do not look like Debian's. */
export async function readAptArchives(host: Host): Promise<readonly AptArchive[]> {
  const archives = new Map<string, { suites: Set<string>; keyFiles: Set<string> }>()
  const common = await commonKeyFiles(host)
  for (const { uri, suites, signedBy } of await readSources(host)) {
    const base = baseOf(uri)?.replace(/\/+$/, '')
    if (base === undefined || rank(base) === OTHER) continue
    const known = archives.get(base) ?? { suites: new Set(), keyFiles: new Set() }
    for (const suite of suites) known.suites.add(suite)
    for (const file of signedBy.length > 0 ? signedBy : common) known.keyFiles.add(file)
    archives.set(base, known)
  }
  return [...archives].map(([base, { suites, keyFiles }]) => ({ base, suites: [...suites], keyFiles: [...keyFiles] }))
}

async function commonKeyFiles(host: Host): Promise<readonly string[]> {
  const names = (await host.listFolder(join(FOLDER, 'trusted.gpg.d'))).filter((name) => /\.(gpg|asc)$/.test(name))
  return [
    join(FOLDER, 'trusted.gpg'),
    ...[...names].sort(compareBytes).map((name) => join(FOLDER, 'trusted.gpg.d', name)),
    DEBIAN_KEYS,
  ]
}

async function readSources(host: Host): Promise<readonly AptSource[]> {
  const names = [...(await host.listFolder(join(FOLDER, 'sources.list.d')))].sort(compareBytes)
  const paths = ['sources.list', ...names.map((name) => `sources.list.d/${name}`)]
  const sources: AptSource[] = []
  for (const path of paths) {
    const text = await host.readFile(join(FOLDER, path))
    if (text === undefined) continue
    if (path.endsWith('.list')) sources.push(...parseSourcesList(text))
    else if (path.endsWith('.sources')) sources.push(...parseDeb822(text))
  }
  return sources.filter(({ components }) => components.includes('main'))
}

/** Reads the one-line form: `deb [options] uri suite component…`. Flat archives (a suite that ends in `/`) have no pool. */
function parseSourcesList(text: string): AptSource[] {
  const sources: AptSource[] = []
  for (const line of text.split('\n')) {
    const [, options, uri, suite, rest] =
      /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line.replace(/^\s*#.*/, '')) ?? []
    if (uri === undefined || suite === undefined || suite.endsWith('/')) continue
    const [, signedBy] = /(?:^|\s)signed-by=(\S+)/i.exec(options ?? '') ?? []
    sources.push({ uri, suites: [suite], components: words(rest), signedBy: keyFilesOf(signedBy) })
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
    const suites = words(fields.get('suites')).filter((suite) => !suite.endsWith('/'))
    const signedBy = keyFilesOf(fields.get('signed-by'))
    for (const uri of words(fields.get('uris'))) sources.push({ uri, suites, components, signedBy })
  }
  return sources
}

function baseOf(uri: string): string | undefined {
  if (/^https?:\/\//.test(uri) && URL.canParse(uri)) return uri
  return /^(file|copy):\//.test(uri) ? decodeURIComponent(new URL(uri).pathname) : undefined
}

const OTHER = 1

function rank(base: string): number {
  if (/security/i.test(base)) return 2
  return /debian|ubuntu/i.test(base.replace(/^https?:\/\/[^/]*/, '')) ? 0 : OTHER
}

/** Paths in a `Signed-By`; fingerprints, which choose among apt's own keys, and keys written out are not read. */
function keyFilesOf(signedBy: string | undefined): string[] {
  return (signedBy ?? '').split(/[\s,]+/).filter((word) => word.startsWith('/'))
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}
