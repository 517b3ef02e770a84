import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { Bundle } from '../fetch/bundle.ts'
import { below, DEBIAN_SNAPSHOT, npmHeaders, urlCandidate } from '../fetch/candidates.ts'
import type { FetchConfig } from '../fetch/config.ts'
import { httpFailure } from '../fetch/http.ts'
import { parseIntegrity } from '../fetch/integrity.ts'
import { fileNames, parseLocation } from '../fetch/locations.ts'
import type { Source } from '../model/recipe.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { type Finding, fail, pass, skipped, warn } from './check.ts'

/** Milliseconds for one place to answer. */
const PATIENCE = 15_000
const AT_ONCE = 8

/** A server that sources come from, and one URL of it that is asked for. */
interface Server {
  readonly kind: 'npm registry' | 'Debian mirror' | 'mirror' | 'server'
  /** Free of credentials. */
  readonly shown: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Why it cannot even be asked; '' where it can. */
  readonly problem: string
}

/** What asking a server came to. */
interface Answer {
  readonly server: Server
  /** `unasked` offline; `lacking` when it answers but does not have this file. */
  readonly state: 'well' | 'lacking' | 'unreachable' | 'unasked'
  readonly complaint: string
}

/** Where one source may be had: files of this machine, and servers by name. */
interface Places {
  readonly source: Source
  readonly files: readonly string[]
  readonly servers: readonly Server[]
  /** A bundle has it or not: only reading all of it would tell. */
  readonly mayBeInBundle: boolean
}

/**
 * Asks every server that a source may come from, once, and tells which sources cannot be had at all. What a server
 * sends is not read.
 * @param missing sources that the store does not have
 */
export async function checkPlaces(
  sources: readonly Source[],
  missing: ReadonlySet<string>,
  config: FetchConfig,
): Promise<Finding[]> {
  const places = await Promise.all(sources.map((source) => placesOf(source, config)))
  const servers = new Map(places.flatMap((place) => place.servers.map((one) => [one.shown, one])))
  const asked = await mapLimited([...servers.values()], AT_ONCE, (server) => ask(server, config))
  const reachable = new Set(
    asked.filter(({ state }) => state === 'well' || state === 'lacking').map(({ server }) => server.shown),
  )
  const lacking = places.filter(
    ({ source, mayBeInBundle, files, servers: known }) =>
      missing.has(source.integrity) &&
      !mayBeInBundle &&
      files.length === 0 &&
      !known.some(({ shown }) => reachable.has(shown)),
  )
  const needed = new Set(lacking.flatMap((place) => place.servers.map(({ shown }) => shown)))
  return [
    ...folderFindings(sources, config),
    ...asked.map((answer) => serverFinding(answer, needed)),
    sourcesFinding(places, missing, lacking, config.offline),
  ]
}

/** A place that the user configured should work; one of a recipe, only where nothing else has its files. */
function serverFinding({ server, state, complaint }: Answer, needed: ReadonlySet<string>): Finding {
  const { kind, shown } = server
  if (state === 'unasked') return skipped(kind, `${shown} not asked offline`)
  if (state === 'well') return pass(kind, `${shown} answers`)
  if (state === 'lacking') return pass(kind, `${shown} answers; it does not have all files`)
  if (kind === 'server' && !needed.has(shown))
    return skipped(kind, `${shown}: ${complaint}; other places have its files`)
  return warn(kind, `${shown}: ${complaint}`, 'Check network, proxy and credentials, or pass: --mirror <place>')
}

function sourcesFinding(
  places: readonly Places[],
  missing: ReadonlySet<string>,
  lacking: readonly Places[],
  isOffline: boolean,
): Finding {
  const stored = places.filter(({ source }) => !missing.has(source.integrity)).length
  const found = `${places.length} in all, ${stored} of them in the store`
  if (lacking.length === 0) return pass('sources', missing.size === 0 ? found : `${found}, the others can be had`)
  const names = lacking.map(({ source }) => fileNames(source.from)[0] ?? source.integrity)
  const where = isOffline ? 'neither in the store nor in a mirror' : 'to be had nowhere'
  const fix = 'Put them into a folder under their file names and pass: --mirror <folder>'
  return fail('sources', `${found}; ${where}: ${names.join(', ')}`, isOffline ? 'E_OFFLINE' : 'E_FETCH', fix)
}

/** How many of the sources each mirror folder holds. */
function folderFindings(sources: readonly Source[], config: FetchConfig): Finding[] {
  return config.mirrors.flatMap((mirror) => {
    if (mirror instanceof Bundle) return [skipped('mirror', `${mirror.path}: a bundle is read when it is needed`)]
    if (/^https?:/i.test(mirror)) return []
    const held = sources.filter((source) => filesIn(mirror, source, config).length > 0).length
    const found = `${mirror} holds ${held} of ${sources.length} sources`
    return [held > 0 ? pass('mirror', found) : warn('mirror', found, `Fill it with: mrrl mirror ${mirror}`)]
  })
}

async function placesOf(source: Source, config: FetchConfig): Promise<Places> {
  const files: string[] = []
  const servers: Server[] = []
  for (const mirror of config.mirrors) {
    if (mirror instanceof Bundle) continue
    if (/^https?:/i.test(mirror)) servers.push(server('mirror', mirror, below(mirror, hashedName(source))))
    else files.push(...filesIn(mirror, source, config))
  }
  for (const text of source.from) {
    const location = parseLocation(text)
    if (location.kind === 'file') files.push(resolve(config.root, location.path))
    else if (location.kind === 'url') servers.push(server('server', new URL(location.url).origin, location.url))
    else if (location.kind === 'npm') servers.push(...(await registryOf(location.name, config)))
    else {
      for (const mirror of await config.debianMirrors()) {
        if (mirror.startsWith('/')) files.push(join(mirror, location.path))
        else servers.push(server('Debian mirror', mirror, below(mirror, location.path)))
      }
      if (location.time !== undefined)
        servers.push(server('server', DEBIAN_SNAPSHOT, below(`${DEBIAN_SNAPSHOT}/${location.time}`, location.path)))
    }
  }
  const mayBeInBundle = config.mirrors.some((mirror) => mirror instanceof Bundle)
  return { source, files: files.filter((path) => existsSync(path)), servers, mayBeInBundle }
}

async function registryOf(name: string, config: FetchConfig): Promise<Server[]> {
  const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined
  try {
    const registry = await config.npm.registry(scope)
    const known = server('npm registry', registry, `${registry.replace(/\/+$/, '')}/${name.replace('/', '%2f')}`)
    return [{ ...known, headers: { ...npmHeaders(known.url, config), ...known.headers } }]
  } catch (error) {
    if (!(error instanceof MrrlError)) throw error
    return [{ kind: 'npm registry', shown: scope ?? 'default', url: '', headers: {}, problem: error.message }]
  }
}

/** A URL may have a user name and password, which go into a header and are never shown. */
function server(kind: Server['kind'], base: string, url: string): Server {
  const { url: clean, headers } = urlCandidate(url, {})
  return { kind, shown: urlCandidate(base, {}).shown, url: clean, headers, problem: '' }
}

function filesIn(mirror: string, source: Source, { root }: FetchConfig): string[] {
  const folder = isAbsolute(mirror) ? mirror : resolve(root, mirror)
  return [hashedName(source), ...fileNames(source.from)]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
}

function hashedName({ integrity }: Source): string {
  const { algorithm, hex } = parseIntegrity(integrity)
  return `${algorithm}/${hex}`
}

async function ask(server: Server, { http, offline }: FetchConfig): Promise<Answer> {
  const { url, headers, problem } = server
  if (problem !== '') return { server, state: 'unreachable', complaint: problem }
  if (offline) return { server, state: 'unasked', complaint: '' }
  const patience = AbortSignal.timeout(PATIENCE)
  try {
    const answer = await http.open(url, headers, patience)
    answer.discard()
    return { server, state: 'well', complaint: '' }
  } catch (error) {
    if (patience.aborted) return { server, state: 'unreachable', complaint: `no answer within ${PATIENCE / 1000} s` }
    const { message, status } = httpFailure(error)
    return { server, state: status === 404 || status === 410 ? 'lacking' : 'unreachable', complaint: message }
  }
}
