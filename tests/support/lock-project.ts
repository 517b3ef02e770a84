import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LockReport, lockedProfiles, lockSources } from '../../src/engine/lock-operations.ts'
import { type UpdateOptions, type UpdateReport, updateLocks } from '../../src/engine/lock-update.ts'
import type { Settings } from '../../src/engine/settings.ts'
import type { UpdateConfig } from '../../src/update/config.ts'
import { fixtureSettings, writeFixture, writePackage } from './fixture.ts'
import { integrityOf } from './http-server.ts'
import { withFolder } from './tools.ts'
import { page, type Site, tarball, withWorld } from './updates.ts'

/** A project whose packages come from a server on loopback. */
export interface Project {
  readonly folder: string
  readonly url: string
  /** What the server answers, by path. */
  readonly site: Site
  readonly settings: Settings
  /** Bytes of all locks, by file name. */
  readonly locks: () => Record<string, string>
  /** How newer versions are looked for, with other settings. */
  readonly config: (options: Partial<UpdateConfig>) => UpdateConfig
  readonly update: (options?: Partial<UpdateOptions>, settings?: Settings) => Promise<UpdateReport>
  /** The same project elsewhere, so that changed recipes are loaded. */
  readonly moved: (change: (folder: string) => void) => Settings
}

/** Text of a recipe's `sources` and `update` for a tarball of the site. */
export function upstream(url: string, file: string, update: string): string {
  return sourceText(`${url}/${file}-{version}.tar.gz`, tarball('1.0', { NAME: file }), update)
}

/** The same for any location, with `{version}` in it. */
export function sourceText(location: string, bytes: Uint8Array, update: string): string {
  const integrity = integrityOf(bytes)
  const template = location.replace('{', '${')
  return `sources: ({ version }) => [{ from: [\`${template}\`], integrity: '${integrity}', size: ${bytes.length} }],
  update: ${update},`
}

/** Rules that look at the page of the site, and at its file of checksums. */
export function rulesFor(url: string, range = '^1.0'): string {
  return `{ range: '${range}', indexes: ['${url}/'], checksums: [{ url: '${url}/SHA256SUMS' }] }`
}

/** Puts versions of a tarball on the site and on its page; their checksums too, unless nobody is to vouch. */
export function release(site: Site, file: string, versions: readonly string[], isVouched = true): void {
  for (const version of versions) {
    const name = `${file}-${version}.tar.gz`
    const bytes = tarball(version, { NAME: file })
    site[`/${name}`] = bytes
    const hex = Buffer.from(integrityOf(bytes).slice(7), 'base64').toString('hex')
    if (isVouched) site['/SHA256SUMS'] = `${site['/SHA256SUMS'] ?? ''}${hex}  ${name}\n`
  }
  const names = Object.keys(site).filter((path) => path.endsWith('.tar.gz'))
  site['/'] = page(...names.map((path) => path.slice(1)))
}

/** What a package of the project installs: the version that was built, and what its source says of it. */
export const INSTALL = 'mkdir -p "$OUT/etc"; { echo "$VERSION"; cat "$SRC/VERSION"; } > "$OUT/etc/$NAME"'

/**
 * Runs `body` with a project of the packages `one` (from a tarball with rules), `two` (built against `one`) and `other`
 * (on its own), in the profiles `test` (all) and `small` (`other` alone), both locked.
 */
export async function withProject(
  body: (project: Project) => Promise<void>,
  lock: (profile: string, settings: Settings) => Promise<LockReport> = lockSources,
): Promise<void> {
  await withWorld(({ url, site, with: open }) =>
    withFolder(async (folder) => {
      release(site, 'one', ['1.0'])
      release(site, 'other', ['1.0'])
      writeFixture(folder, { one: { install: 'true' }, two: { install: 'true' }, other: { install: 'true' } })
      writePackage(folder, 'one', { install: INSTALL, extra: upstream(url, 'one', rulesFor(url)) })
      const plain = 'mkdir -p "$OUT/etc"; cp /sysroot/etc/one "$OUT/etc/$NAME"'
      writePackage(folder, 'two', { install: plain, extra: "needs: { target: ['one'] }," })
      writePackage(folder, 'other', { install: INSTALL, extra: upstream(url, 'other', rulesFor(url)) })
      writeSmallProfile(folder)
      const { fetch } = open({}).config
      const { settings } = fixtureSettings(folder, { fetch: { ...fetch, offline: false } })
      for (const profile of ['test', 'small']) await lock(profile, settings)
      await body({
        folder,
        url,
        site,
        settings,
        locks: () => locksIn(settings),
        config: (options) => open(options).config,
        update: async (options = {}, its = settings) =>
          updateLocks(
            {
              packages: [],
              profiles: await lockedProfiles(its),
              acceptUnverified: false,
              isDryRun: false,
              config: open({}).config,
              onProgress: () => undefined,
              ...options,
            },
            its,
          ),
        moved: (change) => {
          const other = join(folder, 'moved')
          mkdirSync(other)
          for (const name of ['packages', 'profiles', 'toolchains', 'locks', 'seed.tar']) {
            cpSync(join(folder, name), join(other, name), { recursive: true })
          }
          change(other)
          return { ...settings, recipeFolders: [other], lockFolder: join(other, 'locks') }
        },
      })
    }),
  )
}

/** Changes the text of a recipe. */
export function edit(folder: string, name: string, change: (text: string) => string): void {
  const path = join(folder, 'packages', name, 'recipe.ts')
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

function writeSmallProfile(folder: string): void {
  const text = readFileSync(join(folder, 'profiles/test.ts'), 'utf8')
  const packages = /"packages": \[[^\]]*\]/
  const small = text.replace('"name": "test"', '"name": "small"').replace(packages, '"packages": ["other"]')
  writeFileSync(join(folder, 'profiles/small.ts'), small)
}

function locksIn({ lockFolder }: Settings): Record<string, string> {
  return Object.fromEntries(readdirSync(lockFolder).map((name) => [name, readFileSync(join(lockFolder, name), 'utf8')]))
}
