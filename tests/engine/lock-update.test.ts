import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { checkLocks, lock, lockSources } from '../../src/engine/lock-operations.ts'
import { build } from '../../src/engine/operations.ts'
import { lockPath } from '../../src/engine/resolve.ts'
import type { Settings } from '../../src/engine/settings.ts'
import type { Lock } from '../../src/model/lock.ts'
import { readLock } from '../../src/recipes/lock-file.ts'
import { archiveAt, signArchive } from '../support/debian-archive.ts'
import { fixtureSettings, missingFixture, writePackage } from '../support/fixture.ts'
import { integrityOf } from '../support/http-server.ts'
import { edit, INSTALL, release, rulesFor, sourceText, upstream, withProject } from '../support/lock-project.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { newSigner, type Site, tarball } from '../support/updates.ts'

spec('mrrl lock --update', (test) => {
  const unbuildable = missingFixture()
  const lockOf = (profile: string, settings: Settings): Promise<Lock> => readLock(lockPath(profile, settings), profile)

  test.unless(unbuildable, 'pins the newest version in range, and who vouches for it, in all locks that hold it', () =>
    withProject(async ({ site, url, settings, update }) => {
      release(site, 'other', ['1.1', '1.2.5', '1.3-rc1', '2.0'])
      const before = await lockOf('test', settings)
      const report = await update()
      assert.equal(
        report.updates.map(({ packages, update: { after } }) => [packages, after]),
        [[['other'], '1.2.5']],
      )
      assert.equal([report.newest, report.withoutRules, report.isWritten], [['one'], [], true])
      assert.equal(report.locks.map(({ diff }) => diff.profile).sort(), ['small', 'test'])
      for (const profile of ['test', 'small']) {
        const { other, one, two } = (await lockOf(profile, settings)).packages
        const bytes = tarball('1.2.5', { NAME: 'other' })
        assert.equal([other?.version, other?.pinnedFrom, other?.output], ['1.2.5', '1.0', ''])
        assert.equal(other?.sources[0]?.from, [`${url}/other-1.2.5.tar.gz`])
        assert.equal([other?.sources[0]?.integrity, other?.sources[0]?.size], [integrityOf(bytes), bytes.length])
        assert.equal(other?.vouchers, [{ kind: 'checksum', by: `${url}/SHA256SUMS`, file: 'other-1.2.5.tar.gz' }])
        assert.equal([one?.output, two?.output], profile === 'small' ? [undefined, undefined] : outputs(before))
      }
    }, lock),
  )

  test('finds them on a page, in the npm registry and in a signed Debian archive, and shows a reviewer the same', () =>
    withProject(async ({ site, url, config, moved, update }) => {
      const apart = moved((folder) => {
        const bytes = tarball('1.0')
        const rules = (index: string): string => `{ range: '^1.0', indexes: ['${index}'] }`
        const pool = sourceText('debian:pool/main/d/deb/deb_{version}.orig.tar.gz', bytes, rules('debian:deb@trixie'))
        writePackage(folder, 'two', { install: 'true', extra: pool })
        const npm = sourceText('npm:@s/tool@{version}', tarball('1.0.0'), rules('npm:@s/tool'))
        writePackage(folder, 'npm', { install: 'true', extra: `${npm} version: '1.0.0',` })
        const profile = join(folder, 'profiles/test.ts')
        writeFileSync(profile, readFileSync(profile, 'utf8').replace('"two"', '"two", "npm"'))
      })
      await lockSources('test', apart)
      release(site, 'one', ['1.1'])
      const signer = await newSigner()
      const directory = 'pool/main/d/deb'
      const files = { 'deb_1.2.orig.tar.gz': tarball('1.2') }
      await signArchive(site, [{ name: 'deb', version: '1.2-3', directory, files }], [signer])
      const published = publishNpm(site, url)
      const report = await update(
        {
          profiles: ['test'],
          acceptUnverified: true,
          config: config({
            debianArchives: async () => [archiveAt(url, [signer.publicKey])],
            fetch: { ...apart.fetch, debianMirrors: async () => [url] },
          }),
        },
        apart,
      )
      assert.equal(
        report.locks[0]?.diff.packages.map(({ name, version, size, hosts, vouchers }) => [
          name,
          version.after,
          size.after,
          [...hosts.added, ...hosts.dropped],
          vouchers.added,
        ]),
        [
          ['npm', '1.3.0', published.length, [], []],
          ['one', '1.1', tarball('1.1', { NAME: 'one' }).length, [], [`checksum ${url}/SHA256SUMS`]],
          ['two', '1.2', tarball('1.2').length, [], [`debian release ${signer.fingerprint}`]],
        ],
      )
    }))

  test.unless(unbuildable, 'is built by the next lock, and builds take the pinned version', () =>
    withProject(async ({ folder, site, settings, update, locks }) => {
      release(site, 'one', ['1.1'])
      const report = await update({ packages: ['one'] })
      const [{ diff } = { diff: undefined }] = report.locks
      assert.equal(
        diff?.rebuilds.map(({ name, reason, chain }) => [name, reason, chain]),
        [
          ['one', '1.0 → 1.1', []],
          ['two', '1.0 → 1.1', ['one']],
        ],
      )
      const { packages, images } = await lockOf('test', settings)
      assert.equal([packages.one?.output, packages.two?.output, Object.keys(images)], ['', '', []])
      assert.not.equal(packages.other?.output, '')
      assert.equal((await checkLocks(['test'], settings))[0]?.unrecorded, ['one', 'two'])
      const pinned = locks()
      await build('test', settings)
      assert.equal(locks(), pinned)
      await lock('test', settings)
      const [check] = await checkLocks(['test'], settings)
      assert.equal([check?.code, check?.unrecorded], ['', []])
      assert.equal((await lockOf('test', settings)).packages.one?.vouchers.length, 1)
      const elsewhere = fixtureSettings(folder, { ...settings, home: join(folder, 'second') }).settings
      const { images: built } = await build('test', elsewhere)
      assert.equal(
        built.map(({ locked }) => locked),
        ['same', 'same'],
      )
    }, lock),
  )

  test('of one profile leaves the locks of others alone', () =>
    withProject(async ({ site, settings, update, locks }) => {
      release(site, 'other', ['1.1'])
      const before = locks()['small.lock.json']
      await update({ profiles: ['test'] })
      assert.is(locks()['small.lock.json'], before)
      // Now the two differ; the next update brings them together.
      release(site, 'other', ['1.2'])
      await update()
      for (const profile of ['test', 'small']) {
        const { other } = (await lockOf(profile, settings)).packages
        assert.equal([other?.version, other?.pinnedFrom], ['1.2', '1.0'])
      }
    }))

  test('writes nothing when it is only to say what it would do', () =>
    withProject(async ({ site, update, locks }) => {
      release(site, 'one', ['1.1'])
      const before = locks()
      const report = await update({ isDryRun: true })
      assert.equal([report.updates.length, report.locks.length, report.isWritten], [1, 1, false])
      assert.equal(locks(), before)
    }))

  test('needs consent for what nobody vouches for', () =>
    withProject(async ({ site, settings, update, locks }) => {
      release(site, 'one', ['1.1'], false)
      const before = locks()
      const error = await rejects('E_UPDATE_UNVERIFIED', () => update())
      assert.equal([error.fields.package, error.fields.files], ['one', ['one-1.1.tar.gz']])
      assert.match(error.hint, /--accept-unverified/)
      assert.equal(locks(), before)
      await update({ acceptUnverified: true })
      const { one } = (await lockOf('test', settings)).packages
      assert.equal([one?.version, one?.vouchers], ['1.1', []])
    }))

  test('changes no lock at all when one package is refused', () =>
    withProject(async ({ site, update, locks }) => {
      release(site, 'one', ['1.1'])
      site['/other-1.0.tar.gz'] = tarball('1.0', { NAME: 'another' })
      const before = locks()
      const error = await rejects('E_UPDATE_REROLLED', () => update())
      assert.is(error.fields.package, 'other')
      assert.equal(locks(), before)
      assert.is((await update({ packages: ['one'] })).updates.length, 1)
    }))

  test('names all that are refused', () =>
    withProject(async ({ site, update }) => {
      release(site, 'one', ['1.1'], false)
      release(site, 'other', ['1.1'], false)
      const error = await rejects('E_UPDATE_UNVERIFIED', () => update())
      assert.equal(error.fields.refused, [
        'other: E_UPDATE_UNVERIFIED nobody vouches for other 1.1',
        'one: E_UPDATE_UNVERIFIED nobody vouches for one 1.1',
      ])
    }))

  test('leaves out what cannot be reached, unless it was named', () =>
    withProject(async ({ site, moved, update }) => {
      release(site, 'other', ['1.1'])
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace(/indexes: \['[^']*'\]/, NOWHERE)))
      const report = await update({}, apart)
      assert.equal(
        report.unreached.map(({ packages }) => packages),
        [['one']],
      )
      assert.is((await lockOf('test', apart)).packages.other?.version, '1.1')
      await rejects('E_INDEX', () => update({ packages: ['one'] }, apart))
    }))

  test('moves packages of one archive together, whichever is named', () =>
    withProject(async ({ site, url, moved, update }) => {
      const apart = moved((folder) =>
        writePackage(folder, 'two', { install: INSTALL, extra: upstream(url, 'one', rulesFor(url)) }),
      )
      await lockSources('test', apart)
      release(site, 'one', ['1.1'])
      const report = await update({ packages: ['two'] }, apart)
      assert.equal(report.updates[0]?.packages.toSorted(), ['one', 'two'])
      const { one, two } = (await lockOf('test', apart)).packages
      assert.equal([one?.version, two?.version], ['1.1', '1.1'])
      assert.equal(one?.sources, two?.sources)
      assert.equal(one?.vouchers, two?.vouchers)
    }))

  test('wants packages of one archive to agree on their rules', () =>
    withProject(async ({ url, moved, update }) => {
      const extra = upstream(url, 'one', rulesFor(url, '^1.1'))
      const apart = moved((folder) => writePackage(folder, 'two', { install: INSTALL, extra }))
      await lockSources('test', apart)
      const error = await rejects('E_RECIPE_INVALID', () => update({}, apart))
      assert.match(error.message, /^one and two are made from one archive, and must have the same update$/)
    }))

  test('refuses a stale lock of what is updated, and only that', () =>
    withProject(async ({ site, moved, update }) => {
      release(site, 'other', ['1.1'])
      const apart = moved((folder) => edit(folder, 'two', (text) => text.replace('For tests', 'For other tests')))
      const error = await rejects('E_LOCK_STALE', () => update({ packages: ['other'] }, apart))
      assert.equal([error.fields.file, error.fields.changes], ['locks/test.lock.json', ['recipe two changed']])
      const { locks } = await update({ packages: ['other'], profiles: ['small'] }, apart)
      assert.is(locks.length, 1)
    }))

  test('ends in order when it is interrupted', () =>
    withProject(async ({ site, config, update, locks }) => {
      release(site, 'one', ['1.1'])
      const before = locks()
      await rejects('E_INTERRUPTED', () => update({ config: config({ signal: AbortSignal.abort() }) }))
      assert.equal(locks(), before)
    }))

  test('refuses names that no lock has, and recipes that say nothing', () =>
    withProject(async ({ moved, update }) => {
      assert.is((await rejects('E_PACKAGE_UNKNOWN', () => update({ packages: ['oher'] }))).hint, 'Did you mean other?')
      await rejects('E_PACKAGE_UNKNOWN', () => update({ packages: ['two'] }))
      await rejects('E_PROFILE_UNKNOWN', () => update({ profiles: ['../test'] }))
      const apart = moved((folder) => edit(folder, 'other', (text) => text.replace(/update: .*,/, '')))
      const error = await rejects('E_RECIPE_INVALID', () => update({ packages: ['other'] }, apart))
      assert.is(error.fields.field, 'update')
      assert.equal((await update({}, apart)).withoutRules, ['other'])
      rmSync(lockPath('small', apart))
      await rejects('E_LOCK_MISSING', () => update({ profiles: ['small'] }, apart))
    }))

  test('is undone by a recipe that changes what was pinned', () =>
    withProject(async ({ site, moved, update }) => {
      release(site, 'one', ['1.1'])
      await update()
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace("version: '1.0'", "version: '1.0.1'")))
      const [check] = await checkLocks(['test'], apart)
      assert.is(check?.code, 'E_LOCK_STALE')
      assert.equal(check?.changes, ['package one 1.1 → 1.0.1: its recipe changed since it was pinned from 1.0'])
      await rejects('E_LOCK_STALE', () => build('test', apart))
    }))

  test('is undone by a recipe that looks for its source elsewhere', () =>
    withProject(async ({ site, moved, update }) => {
      release(site, 'one', ['1.1'])
      await update()
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace('/one-$', '/old/one-$')))
      const [check] = await checkLocks(['test'], apart)
      assert.equal(check?.changes, ['package one 1.1 → 1.0: its recipe changed since it was pinned from 1.0'])
    }))

  test('outlives a change of the recipe that is none of its sources', () =>
    withProject(async ({ site, moved, update }) => {
      release(site, 'one', ['1.1'])
      await update()
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace('For tests', 'For other tests')))
      assert.equal((await checkLocks(['test'], apart))[0]?.changes, ['recipe one changed'])
      await lockSources('test', apart)
      const { one } = (await lockOf('test', apart)).packages
      assert.equal([one?.version, one?.pinnedFrom, one?.vouchers.length], ['1.1', '1.0', 1])
    }))
})

const NOWHERE = "indexes: ['http://127.0.0.1:9/']"

function outputs(lock: Lock): (string | undefined)[] {
  return [lock.packages.one?.output, lock.packages.two?.output]
}

/** Publishes version 1.3.0 of `@s/tool` in the registry that the site is, and returns its tarball. */
function publishNpm(site: Site, url: string): Buffer {
  const bytes = tarball('1.3.0')
  const path = '/@s/tool/-/tool-1.3.0.tgz'
  site[path] = bytes
  const dist = { integrity: integrityOf(bytes, 'sha512'), tarball: `${url}${path}` }
  site['/@s%2ftool'] = JSON.stringify({
    name: '@s/tool',
    versions: { '1.3.0': { name: '@s/tool', version: '1.3.0', dist } },
  })
  return bytes
}
