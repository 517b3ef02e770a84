import { isAbsolute, join, resolve } from 'node:path'
import type { Source } from '../model/recipe.ts'
import { MrrlError } from '../util/errors.ts'
import { Bundle } from './bundle.ts'
import type { FetchConfig } from './config.ts'
import { parseIntegrity } from './integrity.ts'
import { fileNames, isLoopback, type Location, parseLocation } from './locations.ts'
import { npmTarballUrl } from './npm.ts'

/** The parts of a source that say what to fetch. */
export type FetchSource = Pick<Source, 'from' | 'integrity' | 'size'>

/** One place to try, or the reason why there is none. `shown` is for people and free of credentials. */
export type Candidate =
  | { readonly kind: 'file'; readonly shown: string; readonly path: string }
  /** A file of a mirror, which must not lead out of the folder. */
  | { readonly kind: 'mirrored'; readonly shown: string; readonly folder: string; readonly path: string }
  | { readonly kind: 'bundled'; readonly shown: string; readonly bundle: Bundle; readonly name: string }
  | { readonly kind: 'url'; readonly shown: string; readonly url: string; readonly headers: Record<string, string> }
  | { readonly kind: 'none'; readonly shown: string; readonly why: string }

/** The dated archive of Debian, for locations that name a time: the one place that keeps files for good. */
export const DEBIAN_SNAPSHOT = 'https://snapshot.debian.org/archive/debian'

/**
 * Where to look for a source, in order: every mirror by hash and by file name, then every location. Lazy, because some
 * places are found by asking a server. Throws `E_RECIPE_INVALID` for locations and integrities that cannot be read.
 */
export async function* candidates(source: FetchSource, config: FetchConfig): AsyncGenerator<Candidate> {
  const locations = source.from.map((text) => ({ text, location: parseLocation(text) }))
  const { algorithm, hex } = parseIntegrity(source.integrity)
  const hashed = `${algorithm}/${hex}`
  for (const mirror of config.mirrors) {
    if (mirror instanceof Bundle) {
      yield { kind: 'bundled', shown: `${mirror.path}!${hashed}`, bundle: mirror, name: hashed }
      continue
    }
    for (const name of [hashed, ...fileNames(source.from)]) yield inMirror(mirror, name, config)
  }
  for (const { text, location } of locations) {
    if (location.kind === 'file') {
      const path = resolve(config.root, location.path)
      yield { kind: 'file', shown: text, path }
    } else if (config.offline) yield { kind: 'none', shown: text, why: 'not tried offline' }
    else if (location.kind === 'url') yield urlCandidate(location.url, {})
    else if (location.kind === 'npm') yield* fromNpm(location, text, config)
    else yield* fromDebian(location, text, config)
  }
}

function inMirror(mirror: string, name: string, config: FetchConfig): Candidate {
  if (!/^https?:/i.test(mirror)) {
    const folder = isAbsolute(mirror) ? mirror : resolve(config.root, mirror)
    const path = join(folder, name)
    return { kind: 'mirrored', shown: path, folder, path }
  }
  const candidate = urlCandidate(below(mirror, name), {})
  return config.offline ? { kind: 'none', shown: candidate.shown, why: 'not tried offline' } : candidate
}

/** The conventional place of a tarball first, which costs one request; what the registry says only if that fails. */
async function* fromNpm(
  location: Extract<Location, { kind: 'npm' }>,
  text: string,
  config: FetchConfig,
): AsyncGenerator<Candidate> {
  const { name, version } = location
  const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined
  const base = name.split('/').at(-1)
  try {
    const registry = await config.npm.registry(scope)
    const usual = below(registry, `${name}/-/${base}-${version}.tgz`)
    yield npmCandidate(usual, config)
    const stated = await npmTarballUrl(registry, name, version, (url) => npmHeaders(url, config), config.http)
    if (stated !== usual) yield npmCandidate(stated, config)
  } catch (error) {
    if (!(error instanceof MrrlError)) throw error
    yield { kind: 'none', shown: text, why: error.message }
  }
}

async function* fromDebian(
  location: Extract<Location, { kind: 'debian' }>,
  text: string,
  config: FetchConfig,
): AsyncGenerator<Candidate> {
  const mirrors = await config.debianMirrors()
  for (const mirror of mirrors) {
    if (mirror.startsWith('/'))
      yield { kind: 'file', shown: join(mirror, location.path), path: join(mirror, location.path) }
    else yield urlCandidate(below(mirror, location.path), {})
  }
  if (location.time !== undefined) yield urlCandidate(below(`${DEBIAN_SNAPSHOT}/${location.time}`, location.path), {})
  else if (mirrors.length === 0) yield { kind: 'none', shown: text, why: 'no Debian mirror is configured' }
}

function npmCandidate(url: string, config: FetchConfig): Candidate {
  return urlCandidate(url, npmHeaders(url, config))
}

/** Credentials go only to the URLs they are configured for, and in clear text only within this machine. */
export function npmHeaders(url: string, config: FetchConfig): Record<string, string> {
  const parsed = new URL(url)
  if (parsed.protocol !== 'https:' && !isLoopback(parsed)) return {}
  const authorization = config.npm.authorization(parsed)
  return authorization === undefined ? {} : { authorization }
}

/** Moves a user name and password from a URL that a user configured into a header, where no message shows them. */
export function urlCandidate(text: string, headers: Record<string, string>): Extract<Candidate, { kind: 'url' }> {
  const url = new URL(text)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { kind: 'url', shown: url.href, url: url.href, headers }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  return { kind: 'url', shown: url.href, url: url.href, headers: { authorization, ...headers } }
}

/** Appends a path to a base URL, every segment encoded but `@` kept, as registries expect. */
export function below(base: string, path: string): string {
  const encoded = path.split('/').map((segment) => encodeURIComponent(segment).replaceAll('%40', '@'))
  return `${base.replace(/\/+$/, '')}/${encoded.join('/')}`
}
