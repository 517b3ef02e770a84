import { getCACertificates } from 'node:tls'
import { type AptArchive, readAptArchives, readAptMirrors } from './apt-sources.ts'
import type { NpmConfig } from './config.ts'
import type { HttpOptions } from './http.ts'
import { npmConfigOf, readNpmSettings } from './npm-config.ts'

/** The machine as far as its settings are read; given by the caller, so that this code never looks by itself. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Home folder of the user. */
  readonly home: string
  readonly cwd: string
  /** Text of a file; undefined when there is none or it cannot be read. */
  readonly readFile: (path: string) => Promise<string | undefined>
  /** Names in a folder; none when there is no such folder. */
  readonly listFolder: (path: string) => Promise<readonly string[]>
  /** Output of `npm config get registry`, asked for when no file names a registry; undefined when npm cannot tell. */
  readonly askNpm: () => Promise<string | undefined>
}

/** What fetching takes over from the machine. */
export interface HostConfig {
  readonly npm: NpmConfig
  /** Base URLs (or absolute folders) of the Debian archives in apt's sources. */
  readonly debianMirrors: () => Promise<readonly string[]>
  /** The same with their suites and keys. */
  readonly debianArchives: () => Promise<readonly AptArchive[]>
  readonly proxies: HttpOptions['proxies']
  /** Certificates to trust, when npm is told of more than Node knows. */
  readonly ca: readonly string[] | undefined
}

/** Reads the settings of npm, apt and the usual proxy variables, as those tools would. */
export async function readHostConfig(host: Host): Promise<HostConfig> {
  const settings = await readNpmSettings(host)
  const caFile = settings.get('cafile')
  const extra = caFile === undefined ? undefined : await host.readFile(caFile)
  return {
    npm: npmConfigOf(settings, host.askNpm),
    debianMirrors: () => readAptMirrors(host),
    debianArchives: () => readAptArchives(host),
    proxies: readProxies(host.env, settings),
    ca: extra === undefined ? undefined : [...getCACertificates('default'), extra],
  }
}

function readProxies(env: Host['env'], settings: ReadonlyMap<string, string>): HttpOptions['proxies'] {
  const variable = (name: string): string | undefined => env[name] || env[name.toUpperCase()] || undefined
  const http = variable('http_proxy') ?? settings.get('proxy')
  const https = variable('https_proxy') ?? settings.get('https-proxy') ?? settings.get('proxy')
  const none = variable('no_proxy') ?? settings.get('noproxy') ?? ''
  return { ...(http === undefined ? {} : { http }), ...(https === undefined ? {} : { https }), none }
}
