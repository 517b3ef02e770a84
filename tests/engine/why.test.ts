import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import { build } from '../../src/engine/operations.ts'
import type { Settings } from '../../src/engine/settings.ts'
import { collect } from '../../src/engine/store-care.ts'
import { type PackageReason, why } from '../../src/engine/why.ts'
import type { FileReason } from '../../src/engine/why-file.ts'
import { decodeRequest, encodeRequest } from '../../src/model/build-request.ts'
import { openStore } from '../../src/store/store.ts'
import { type FixturePackage, fixtureSettings, missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const PACKAGES: Readonly<Record<string, FixturePackage>> = {
  base: { install: 'mkdir -p "$OUT/lib" "$OUT/include"; echo base > "$OUT/lib/base"; echo h > "$OUT/include/base.h"' },
  app: {
    install: 'mkdir -p "$OUT/bin"; cp /sysroot/lib/base "$OUT/bin/app"; ln -s app "$OUT/bin/alias"',
    extra: "needs: { target: ['base'], runtime: ['base'] }, remove: ['junk'],",
  },
  top: { install: 'mkdir -p "$OUT/etc"; echo top > "$OUT/etc/top"', extra: "needs: { target: ['app'] }," },
}

spec('why', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'names lines, shortest chains and who needs a package what for', () =>
    withShared(async (settings) => {
      const base = await whyPackage('base', settings)
      assert.equal(base.lines, [{ value: 'base', package: 'base' }])
      assert.equal(
        base.chains.map(({ edges }) => edges.length),
        [0],
      )
      assert.equal(
        base.neededBy.map(({ from, kind, by }) => [from, kind, by]),
        [
          ['app', 'runtime', 'needs.runtime'],
          ['app', 'sysroot', 'needs.target'],
        ],
      )
      const shell = await whyPackage('busybox-tools', settings)
      assert.equal(
        shell.chains.map(({ line, edges }) => [line.value, ...edges.map(({ to, by }) => `${to} by ${by}`)]),
        ['app', 'base', 'top'].map((line) => [line, 'busybox-tools by the shell of every step']),
      )
      assert.not.ok(shell.inImage)
    }),
  )

  test.unless(unbuildable, 'has nothing to compare with after the first build', () =>
    withShared(async (settings) => {
      const { build: reason } = await whyPackage('app', settings)
      assert.equal(reason, { state: 'built', waitsFor: [], comparedWith: 'nothing', changes: [] })
    }),
  )

  test.unless(unbuildable, 'says which steps, variables and limits will be different', () =>
    withShared(async (settings, folder) => {
      const { install, extra = '' } = PACKAGES.app ?? { install: '' }
      const changed = withChange(settings, folder, 'app', {
        install: `${install}; echo more`,
        extra: `${extra} env: { COLOUR: 'red' }, timeout: 77,`,
      })
      const { build: reason } = await whyPackage('app', changed)
      assert.is(reason.state, 'changed')
      assert.is(reason.comparedWith, 'last result')
      assert.equal(
        reason.changes.map(({ field, origin, paths }) => [field, origin, paths]),
        [
          ['input /step', 'build steps of the recipe', ['run']],
          ['env COLOUR', 'env of the recipe', []],
          ['timeout', 'timeout of the recipe', []],
        ],
      )
      assert.equal(
        reason.changes[0]?.lines.map((line) => line.replace(/^(.)mkdir.*app .*alias"/, '$1…')),
        ['-…', '+…; echo more'],
      )
      const colour = reason.changes.find(({ field }) => field === 'env COLOUR')
      assert.equal([colour?.before, colour?.now], ['', 'red'])
      const { build: above } = await whyPackage('top', changed)
      assert.equal([above.state, above.waitsFor], ['waiting', ['app']])
    }),
  )

  test.unless(unbuildable, 'says afterwards why it was built, also for what changed below', () =>
    withBuilt(async (settings, folder) => {
      const install = (PACKAGES.base?.install ?? '').replace('echo base', 'echo other')
      const changed = withChange(settings, folder, 'base', { install })
      await lock('test', changed)
      const { build: reason } = await whyPackage('app', changed)
      assert.equal([reason.state, reason.comparedWith], ['built', 'result before'])
      assert.equal(
        reason.changes.map(({ field, origin, paths }) => [field, origin, paths]),
        [['input /sysroot', 'toolchain crosstool-ng, base', ['lib/base']]],
      )
    }),
  )

  test.unless(unbuildable, 'keeps to what it knows in a store without requests', () =>
    withBuilt(async (settings, folder) => {
      const store = await openStore(settings.home)
      for (const name of ['request:test/app', 'request-before:test/app']) await store.aliases.remove(name)
      const changed = withChange(settings, folder, 'app', { install: 'mkdir "$OUT/etc"' })
      const { build: reason } = await whyPackage('app', changed)
      assert.equal([reason.state, reason.comparedWith], ['changed', 'nothing'])
    }),
  )

  test.unless(unbuildable, 'a warm build puts requests on record that an older version did not', () =>
    withBuilt(async (settings) => {
      const store = await openStore(settings.home)
      const key = await store.aliases.get('request:test/app')
      await store.aliases.remove('request:test/app')
      await build('test', settings)
      assert.is(await store.aliases.get('request:test/app'), key)
    }),
  )

  test.unless(unbuildable, 'requests are kept by gc with their results, and go with them', () =>
    withBuilt(async (settings, folder) => {
      const store = await openStore(settings.home)
      const key = await store.aliases.get('request:test/app')
      if (key === undefined) throw new Error('no request on record')
      const bytes = await store.blobs.read(key)
      const request = decodeRequest(bytes)
      assert.equal(request === undefined ? undefined : Buffer.from(encodeRequest(request)), Buffer.from(bytes))
      const later = { since: 2 ** 45, isDryRun: false }
      await collect(settings.home, { ...later, lockFolders: [join(folder, 'locks')] })
      assert.ok(await store.blobs.has(key))
      assert.is(await store.aliases.get('request:test/app'), key)
      await collect(settings.home, { ...later, lockFolders: [] })
      assert.not.ok(await store.blobs.has(key))
      assert.is(await store.aliases.get('request:test/app'), undefined)
    }),
  )

  test.unless(unbuildable, 'a file: its package and the rule', () =>
    withShared(async (settings) => {
      const file = await whyFile('/bin/app', settings)
      assert.equal([file.package, file.inImage, file.type], ['app', true, 'file'])
      assert.equal(file.installedBy, [{ package: 'app', output: 'runtime', glob: '', rule: 'every package' }])
      const header = await whyFile('include/base.h', settings)
      assert.equal([header.package, header.inImage], ['', false])
      assert.equal(header.installedBy, [
        { package: 'base', output: 'dev', glob: '**/include/**', rule: 'every package' },
      ])
      const link = await whyFile('//bin/./alias', settings)
      assert.equal([link.path, link.type, link.target], ['/bin/alias', 'symlink', 'app'])
    }),
  )

  test.unless(unbuildable, "a file of the profile's own: the field", () =>
    withShared(async (settings) => {
      const fields = await Promise.all(
        ['/etc/passwd', '/etc/group', '/etc/os-release', '/var/tmp', '/etc/nsswitch.conf'].map((path) =>
          whyFile(path, settings).then((file) => file.profileField),
        ),
      )
      assert.equal(fields, ['users', 'groups', 'name', '', ''])
    }),
  )

  test.unless(unbuildable, 'unknown names come with the nearest', () =>
    withShared(async (settings) => {
      assert.match((await rejects('E_PACKAGE_UNKNOWN', () => why('test', 'bas', settings))).hint, /base/)
      assert.match((await rejects('E_PROFILE_UNKNOWN', () => why('tost', 'base', settings))).hint, /test/)
      assert.match((await rejects('E_PATH_UNKNOWN', () => why('test', '/bin/aps', settings))).hint, /\/bin\/app/)
      assert.match((await rejects('E_PATH_UNKNOWN', () => why('test', '/usr/bin/app', settings))).hint, /\/bin\/app/)
    }),
  )

  test.unless(unbuildable, 'a path before anything is built: E_USAGE', () =>
    withFolder(async (folder) => {
      writeFixture(folder, PACKAGES)
      await rejects('E_USAGE', () => why('test', '/bin/app', fixtureSettings(folder).settings))
    }),
  )
})

/** One build for all tests that only look at it. */
const shared = mkdtempSync(join(tmpdir(), 'mrrl-test-why-'))
process.on('exit', () => rmSync(shared, { recursive: true, force: true }))
let building: Promise<Settings> | undefined

async function withShared(body: (settings: Settings, folder: string) => Promise<void>): Promise<void> {
  building ??= builtIn(shared)
  await body(await building, shared)
}

async function builtIn(folder: string): Promise<Settings> {
  writeFixture(folder, PACKAGES)
  const { settings } = fixtureSettings(folder)
  await lock('test', settings)
  return settings
}

async function withBuilt(body: (settings: Settings, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => body(await builtIn(folder), folder))
}

/** Settings with another recipe for a package: modules are loaded once, so it stands in a folder of its own. */
function withChange(settings: Settings, folder: string, name: string, changed: FixturePackage): Settings {
  const first = join(folder, 'changed')
  writePackage(first, name, changed)
  return { ...settings, recipeFolders: [first, ...settings.recipeFolders] }
}

async function whyPackage(name: string, settings: Settings): Promise<PackageReason> {
  const reason = await why('test', name, settings)
  if (reason.kind !== 'package') throw new Error(`${name} was taken for a file`)
  return reason
}

async function whyFile(path: string, settings: Settings): Promise<FileReason> {
  const reason = await why('test', path, settings)
  if (reason.kind !== 'file') throw new Error(`${path} was taken for a package`)
  return reason
}
