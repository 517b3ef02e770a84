import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isEntryName } from '../model/directory.ts'
import { MrrlError } from '../util/errors.ts'

/** A location of a source, as in a recipe or lock. */
export type Location =
  | { readonly kind: 'url'; readonly url: string }
  /** `path` is absolute, or relative to the project. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'npm'; readonly name: string; readonly version: string }
  /** `time` is that of a dated snapshot of the archive, `YYYYMMDDThhmmssZ`. */
  | { readonly kind: 'debian'; readonly path: string; readonly time: string | undefined }

const NPM = /^((?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*)@([0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)$/
const DEBIAN = /^(pool(?:\/[A-Za-z0-9][A-Za-z0-9.+~:_-]*)+)(?:@([0-9]{8}T[0-9]{6}Z))?$/
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Reads `https://…`, `file:…`, `npm:<package>@<version>` or `debian:<pool path>[@<snapshot time>]`.
 * Plain `http:` is for loopback only; mirrors, which the user names, may use it.
 * Throws `E_RECIPE_INVALID` for anything else, and for URLs with a user name or password.
 */
export function parseLocation(text: string): Location {
  const [scheme = '', rest = ''] = splitOnce(text, ':')
  if (scheme === 'npm') {
    const [, name, version] = NPM.exec(rest) ?? []
    if (name === undefined || version === undefined) throw invalid(text, 'it must be npm:<package>@<exact version>')
    return { kind: 'npm', name, version }
  }
  if (scheme === 'debian') {
    const [, path, time] = DEBIAN.exec(rest) ?? []
    if (path === undefined) throw invalid(text, 'it must be debian:pool/…, optionally with @<YYYYMMDDThhmmssZ>')
    return { kind: 'debian', path, time }
  }
  if (scheme === 'file') return { kind: 'file', path: filePath(text, rest) }
  if (scheme !== 'https' && scheme !== 'http') throw invalid(text, 'it is none of https:, file:, npm: and debian:')
  if (!URL.canParse(text)) throw invalid(text, 'it is not a URL')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw invalid(text, 'a user name or password must not be in it')
  if (url.protocol === 'http:' && !isLoopback(url)) throw invalid(text, 'it must be https:')
  url.hash = ''
  return { kind: 'url', url: url.href }
}

/** True for a URL of this machine, where plain http and credentials over it harm nobody. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname)
}

/**
 * The names under which a mirror may hold a source, most likely first; never a path.
 * `npm pack` names a scoped package otherwise than the registry does: both are tried.
 */
export function fileNames(from: readonly string[]): string[] {
  return [...new Set(from.flatMap((text) => namesOf(parseLocation(text), text)))]
}

function namesOf(location: Location, text: string): string[] {
  if (location.kind === 'npm') {
    const { name, version } = location
    const registry = `${name.split('/').at(-1)}-${version}.tgz`
    return name.startsWith('@') ? [registry, `${name.slice(1).replace('/', '-')}-${version}.tgz`] : [registry]
  }
  const path = location.kind === 'url' ? new URL(location.url).pathname : location.path
  const last = path.split('/').at(-1) ?? ''
  const name = location.kind === 'url' ? decode(last, text) : last
  if (!isEntryName(name)) throw invalid(text, 'it does not end with a file name')
  return [name]
}

function filePath(text: string, rest: string): string {
  if (!rest.startsWith('//')) {
    if (rest === '' || rest.includes('\0')) throw invalid(text, 'it has no path')
    return isAbsolute(rest) ? resolve(rest) : rest
  }
  try {
    return fileURLToPath(text)
  } catch (error) {
    throw invalid(text, error instanceof Error ? error.message : 'it is not a file URL')
  }
}

function decode(segment: string, text: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalid(text, 'its file name is not UTF-8')
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

function invalid(text: string, why: string): MrrlError {
  const location = text.replace(/\/\/[^/]*@/, '//***@')
  return new MrrlError('E_RECIPE_INVALID', `not a location: ${JSON.stringify(location)}: ${why}`, {
    fields: { location },
    hint: 'Locations are https://…, file:…, npm:<package>@<version> and debian:<pool path>.',
  })
}
