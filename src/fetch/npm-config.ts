import { dirname, join } from 'node:path'
import { MrrlError } from '../util/errors.ts'
import type { NpmConfig } from './config.ts'
import type { Host } from './host-config.ts'

/** Where npm keeps its global settings when nothing says otherwise. */
const GLOBAL_FILES = ['/usr/local/etc/npmrc', '/usr/etc/npmrc', '/etc/npmrc']
const PREFIX = 'npm_config_'

/**
 * All npm settings of the machine by key; the environment wins over the project's `.npmrc`, that over the user's, that
 * over the global one, as in npm's documentation ("config"). Values may hold credentials: do not print them.
 */
export async function readNpmSettings(host: Host): Promise<ReadonlyMap<string, string>> {
  const fromEnvironment = readEnvironment(host.env)
  const globals = [
    fromEnvironment.get('globalconfig'),
    ...(fromEnvironment.has('prefix') ? [join(fromEnvironment.get('prefix') as string, 'etc/npmrc')] : []),
    ...GLOBAL_FILES,
  ].filter((path) => path !== undefined)
  const texts = [
    await firstOf(globals, host),
    await host.readFile(fromEnvironment.get('userconfig') ?? join(host.home, '.npmrc')),
    await projectFile(host),
  ]
  const settings = new Map<string, string>()
  for (const text of texts) for (const [key, value] of parseNpmrc(text ?? '', host.env)) settings.set(key, value)
  for (const [key, value] of fromEnvironment) settings.set(key, value)
  for (const [key, value] of settings) if (value === '' || value === 'null') settings.delete(key)
  return settings
}

/** Registries and credentials out of settings; `askNpm` is called when no setting names a registry. */
export function npmConfigOf(settings: ReadonlyMap<string, string>, askNpm: Host['askNpm']): NpmConfig {
  let asked: Promise<string | undefined> | undefined
  return {
    registry: async (scope) => {
      const stated = (scope === undefined ? undefined : settings.get(`${scope}:registry`)) ?? settings.get('registry')
      if (stated === undefined) asked ??= askNpm()
      const registry = (stated ?? (await asked))?.trim()
      if (registry !== undefined && /^https?:\/\//.test(registry) && URL.canParse(registry)) return registry
      throw new MrrlError('E_FETCH', 'no npm registry is configured', { hint: 'See: npm config get registry' })
    },
    authorization: (url) => authorizationFor(url, settings),
  }
}

/** Reads one `.npmrc`: `key = value` lines, comments, quotes, `${VARIABLE}`. */
function parseNpmrc(text: string, env: Host['env']): Map<string, string> {
  const settings = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([^\s;#[=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key === undefined || value === undefined || key.endsWith('[]')) continue
    settings.set(expand(key, env), expand(unquote(value), env))
  }
  return settings
}

function readEnvironment(env: Host['env']): Map<string, string> {
  const settings = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || !name.toLowerCase().startsWith(PREFIX)) continue
    const key = name.slice(PREFIX.length)
    settings.set(/^(\/\/|@)/.test(key) ? key : key.toLowerCase().replace(/(?!^)_/g, '-'), value)
  }
  return settings
}

/** The `.npmrc` beside the nearest `package.json` at or above the current folder. */
async function projectFile(host: Host): Promise<string | undefined> {
  for (let folder = host.cwd; ; folder = dirname(folder)) {
    if ((await host.readFile(join(folder, 'package.json'))) !== undefined) {
      return folder === host.home ? undefined : host.readFile(join(folder, '.npmrc'))
    }
    if (folder === dirname(folder)) return undefined
  }
}

async function firstOf(paths: readonly string[], host: Host): Promise<string | undefined> {
  for (const path of paths) {
    const text = await host.readFile(path)
    if (text !== undefined) return text
  }
  return undefined
}

/** A value ends at an unquoted `;` or `#`, as in the `ini` format that npm uses. */
function unquote(value: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value)
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? ''
  return value
    .replace(/(?<!\\)[;#].*$/, '')
    .replace(/\\([;#\\])/g, '$1')
    .trimEnd()
}

/** Unknown variables stay as written, as npm does; `${NAME?}` becomes empty. */
function expand(text: string, env: Host['env']): string {
  return text.replace(/\$\{([^${}?]+)(\?)?\}/g, (whole, name: string, optional) => env[name] ?? (optional ? '' : whole))
}

/** Credentials are kept by host and path without the scheme, `//host/path/:_authToken`; the longest path wins. */
function authorizationFor(url: URL, settings: ReadonlyMap<string, string>): string | undefined {
  for (let key = `//${url.host}${url.pathname}`; key.length > 2; key = key.replace(/([^/]+|\/)$/, '')) {
    const token = settings.get(`${key}:_authToken`)
    if (token !== undefined) return `Bearer ${token}`
    const pair = settings.get(`${key}:_auth`)
    if (pair !== undefined) return `Basic ${pair}`
    const [user, password] = [settings.get(`${key}:username`), settings.get(`${key}:_password`)]
    if (user !== undefined && password !== undefined) {
      const clear = Buffer.from(password, 'base64').toString('utf8')
      return `Basic ${Buffer.from(`${user}:${clear}`).toString('base64')}`
    }
  }
  return undefined
}
