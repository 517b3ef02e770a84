import { readFile } from 'node:fs/promises'
import type { FetchConfig } from '../fetch/config.ts'
import { readHostConfig } from '../fetch/host-config.ts'
import { UPDATE_LIMITS, UPSTREAM_HOSTS, type UpdateConfig } from '../update/config.ts'
import type { Context } from './context.ts'
import { hostOf } from './fetch-config.ts'

/** How newer versions are looked for: in the archives of this machine's apt, with its keys, and by its clock. */
export async function updateConfigFor(
  context: Context,
  fetch: FetchConfig,
  options: Pick<UpdateConfig, 'pre' | 'onUnusable'>,
): Promise<UpdateConfig> {
  const { debianArchives } = await readHostConfig(hostOf(context))
  return {
    ...options,
    fetch,
    debianArchives: async () =>
      (await debianArchives()).map(({ base, suites, keyFiles }) => ({ base, suites, keys: () => readKeys(keyFiles) })),
    hosts: UPSTREAM_HOSTS,
    now: Date.now(),
    limits: UPDATE_LIMITS,
    signal: context.interruption.signal,
  }
}

/** A key file that is not there is one key less: without any, every archive is refused. */
async function readKeys(paths: readonly string[]): Promise<readonly Uint8Array[]> {
  const files = await Promise.all(paths.map((path) => readFile(path).catch(() => undefined)))
  return files.filter((file) => file !== undefined)
}
