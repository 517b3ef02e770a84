import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { FetchConfig } from '../fetch/config.ts'
import { type Host, readHostConfig } from '../fetch/host-config.ts'
import { HTTP_DEFAULTS, HttpClient } from '../fetch/http.ts'
import type { Context } from './context.ts'
import { ownVersion } from './package-folder.ts'

/** How sources are fetched: as npm, apt and the proxy variables of this machine say. */
export async function fetchConfigFor(
  context: Context,
  options: Pick<FetchConfig, 'mirrors' | 'offline'>,
): Promise<FetchConfig> {
  const { npm, debianMirrors, proxies, ca } = await readHostConfig(hostOf(context))
  const http = new HttpClient({
    ...HTTP_DEFAULTS,
    proxies,
    userAgent: `mrrl/${ownVersion()}`,
    ...(ca !== undefined && { ca }),
    random: Math.random,
  })
  return { ...options, debianMirrors, npm, root: context.cwd, http }
}

/** The machine, as far as its settings are read. */
export function hostOf({ env, cwd, userHome }: Context): Host {
  return {
    env,
    cwd,
    home: userHome,
    readFile: (path) => readFile(path, 'utf8').catch(() => undefined),
    listFolder: (path) => readdir(path).catch(() => []),
    askNpm: async () => {
      try {
        const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd, timeout: 30_000 })
        return stdout.trim()
      } catch {
        return undefined
      }
    },
  }
}
