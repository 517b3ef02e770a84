import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildEvent } from '../../src/engine/events.ts'
import type { Settings } from '../../src/engine/settings.ts'
import { HTTP_DEFAULTS, HttpClient } from '../../src/fetch/http.ts'
import { USUAL_SURROUNDINGS } from '../../src/model/surroundings.ts'
import { run } from './tools.ts'

/** A static BusyBox of the host, which stands in for the one that is built from source. */
export const HOST_BUSYBOX: string | undefined = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))

/** Why a test with a fixture cannot run, or null. */
export function missingFixture(): string | null {
  return HOST_BUSYBOX === undefined ? 'not installed: busybox-static' : null
}

/** One package of a fixture: the shell script of its install step, and what differs from a plain target package. */
export interface FixturePackage {
  readonly install: string
  readonly extra?: string
}

/**
 * Writes recipes that need no compiler: a toolchain of one file, the shell of sealed steps taken from the host, and
 * the given packages in a profile `test`. Builds of it take well under a second.
 */
export function writeFixture(folder: string, packages: Readonly<Record<string, FixturePackage>>): void {
  const seed = join(folder, 'seed')
  mkdirSync(join(seed, 'sysroot/lib'), { recursive: true })
  mkdirSync(join(seed, 'bin'))
  writeFileSync(join(seed, 'sysroot/lib/libc.so.6'), 'not really')
  run('tar', '-cf', join(folder, 'seed.tar'), '-C', seed, '.')
  const bytes = readFileSync(join(folder, 'seed.tar'))
  const integrity = `sha256-${createHash('sha256').update(bytes).digest('base64')}`
  write(folder, 'toolchains/crosstool-ng.ts', 'defineToolchain', {
    kind: 'prebuilt',
    name: 'crosstool-ng',
    gcc: '4.8.5',
    license: 'MIT',
    homepage: 'https://example.org',
    targets: {
      x86_64: {
        triple: 'x86_64-test-linux-gnu',
        sysroot: 'sysroot',
        source: { from: [`file:${join(folder, 'seed.tar')}`], integrity, size: bytes.length, strip: 0 },
      },
    },
  })
  writePackage(folder, 'busybox-tools', {
    extra: `role: 'bootstrap',`,
    install: `
      mkdir -p "$OUT/tools/$NAME/bin"
      cp "${HOST_BUSYBOX}" "$OUT/tools/$NAME/bin/busybox"
      cd "$OUT/tools/$NAME/bin"
      for applet in $(./busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$applet"; done`,
  })
  for (const [name, fixture] of Object.entries(packages)) writePackage(folder, name, fixture)
  write(folder, 'profiles/test.ts', 'defineProfile', {
    name: 'test',
    summary: 'A profile for tests',
    target: { arch: 'x86_64' },
    toolchain: 'crosstool-ng',
    packages: Object.keys(packages),
  })
}

/** Writes or replaces one package of a fixture. */
export function writePackage(folder: string, name: string, { install, extra = '' }: FixturePackage): void {
  const path = join(folder, 'packages', name, 'recipe.ts')
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(
    path,
    `import { defineRecipe } from 'mrrl'
export default defineRecipe({
  name: '${name}', version: '1.0', summary: 'For tests', license: 'MIT', homepage: 'https://example.org',
  sources: () => [], ${extra}
  build: { install: ${JSON.stringify(install)} },
})
`,
  )
}

/** Settings for a fixture, and the events of what ran with them. */
export function fixtureSettings(
  folder: string,
  changes: Partial<Settings> = {},
): { settings: Settings; events: BuildEvent[] } {
  const events: BuildEvent[] = []
  const settings: Settings = {
    home: join(folder, 'home'),
    recipeFolders: [folder],
    lockFolder: join(folder, 'locks'),
    imageFolder: join(folder, 'images'),
    jobs: 2,
    keepGoing: false,
    sandbox: 'auto',
    surroundings: USUAL_SURROUNDINGS,
    fetch: {
      mirrors: [],
      debianMirrors: async () => [],
      npm: { registry: async () => 'http://127.0.0.1:9/', authorization: () => undefined },
      offline: true,
      root: folder,
      http: new HttpClient({ ...HTTP_DEFAULTS, userAgent: 'mrrl-test', random: () => 0.5 }),
    },
    signal: new AbortController().signal,
    onEvent: (event) => void events.push(event),
    ...changes,
  }
  return { settings, events }
}

/** Names of the steps that really ran. */
export function ran(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'step finished' ? [event.name] : []))
}

function write(folder: string, path: string, define: string, value: object): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  const text = `import { ${define} } from 'mrrl'\nexport default ${define}(${JSON.stringify(value, undefined, 2)})\n`
  writeFileSync(join(folder, path), text)
}
