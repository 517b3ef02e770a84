import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Finding } from '../../src/doctor/check.ts'
import { checkEncoders, SAMPLE_HASHES, sampleHashes } from '../../src/doctor/encoders.ts'
import { checkLock } from '../../src/doctor/locks.ts'
import { checkClock, checkMemory, checkNode } from '../../src/doctor/machine.ts'
import { checkPlaces } from '../../src/doctor/places.ts'
import { checkPrograms } from '../../src/doctor/programs.ts'
import { checkSandboxes } from '../../src/doctor/sandboxes.ts'
import { checkFolders } from '../../src/doctor/store-folder.ts'
import { checkStore } from '../../src/doctor/store-health.ts'
import { lockSources } from '../../src/engine/lock-operations.ts'
import type { Source } from '../../src/model/recipe.ts'
import { asUser } from '../support/as-user.ts'
import { fixtureSettings, missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { closedPort, fetchConfig, integrityOf, withServer } from '../support/http-server.ts'
import { missingSandbox } from '../support/sandbox.ts'
import { spec } from '../support/spec.ts'
import { fillStore, withStore } from '../support/store.ts'
import { withFolder } from '../support/tools.ts'

const VERSIONS = { wanted: '>=22.20', zlib: '1.3', zstd: '1.5' }

spec('doctor: the machine', (test) => {
  test('Node must be in the range of the package', () => {
    assert.is(checkNode({ ...VERSIONS, version: '24.1.0' }).verdict, 'pass')
    const old = checkNode({ ...VERSIONS, version: '20.11.0' })
    assert.equal([old.verdict, old.code], ['fail', 'E_NODE_VERSION'])
  })

  test('memory must do for as many processes as are to run', () => {
    assert.is(checkMemory(4, 2 ** 32).verdict, 'pass')
    const small = checkMemory(4, 2 ** 31)
    assert.is(small.verdict, 'warn')
    assert.match(small.fix, /--jobs 2,/)
  })

  test('the clock must not be before a lock', () => {
    assert.is(checkClock(Date.UTC(2026, 0), [1_735_689_600]).verdict, 'pass')
    assert.is(checkClock(Date.UTC(2024, 0), [0, 1_735_689_600]).verdict, 'warn')
    assert.is(checkClock(Date.UTC(2024, 0), []).verdict, 'pass')
  })

  test('programs: what every build needs is a failure, what some commands need is not', () =>
    withFolder((folder) => {
      for (const name of ['sh', 'mount', 'mkfifo']) symlinkSync('/bin/sh', join(folder, name))
      writeFileSync(join(folder, 'setpriv'), 'not executable')
      mkdirSync(join(folder, 'chroot'))
      const found = byCheck(checkPrograms([folder], [folder]))
      const verdict = (name: string): unknown => found.get(`program ${name}`)?.verdict
      assert.equal(['sh', 'mount', 'mkfifo'].map(verdict), ['pass', 'pass', 'pass'])
      assert.equal(['unshare', 'chroot', 'getfattr'].map(verdict), ['skipped', 'skipped', 'skipped'])
      assert.is(verdict('setpriv'), 'fail')
      assert.match(found.get('program setpriv')?.fix ?? '', /util-linux/)
      assert.is(byCheck(checkPrograms([], [folder])).get('program mkfifo')?.verdict, 'fail')
    }))

  test.unless(missingSandbox('unshare', 'this user'), 'a sandbox that works passes, and leaves nothing', () =>
    withFolder(async (folder) => {
      const found = byCheck(await checkSandboxes('auto', folder))
      assert.is(found.get('sandbox unshare')?.verdict, 'pass')
      assert.is(found.get('user namespaces')?.verdict, 'pass')
      assert.equal(readdirSync(folder), [])
    }),
  )
})

spec('doctor: folders and store', (test) => {
  test('tries what the store does with files, and leaves nothing', () =>
    withFolder(async (folder) => {
      const found = byCheck(await checkFolders(join(folder, 'not/yet/there'), folder))
      assert.equal(
        [...found.values()].map(({ verdict }) => verdict),
        ['pass', 'pass', 'pass'],
      )
      assert.equal(readdirSync(folder), [])
    }))

  test('a folder that cannot be written', () =>
    withFolder((folder) =>
      asUser(folder, async () => {
        chmodSync(folder, 0o555)
        const found = byCheck(await checkFolders(folder, folder)).get('store file system')
        assert.equal([found?.verdict, found?.code], ['fail', 'E_STORE_READ_ONLY'])
      }),
    ))

  test('a whole store passes, a damaged blob fails and stays', () =>
    withStore(async (store, home) => {
      const { file, key } = await fillStore(store)
      assert.is((await checkStore(home, false)).verdict, 'pass')
      const blob = store.layout.blob(file, true)
      writeFileSync(blob, 'damaged')
      const found = await checkStore(home, true)
      assert.equal([found.verdict, found.code], ['fail', 'E_STORE_CORRUPT'])
      assert.match(found.found, /blobs\/..\/.*\.x holds bytes/)
      assert.is(readFileSync(blob, 'utf8'), 'damaged')
      writeFileSync(store.layout.action(key), 'torn')
      assert.match((await checkStore(home, true)).found, /actions\/.*torn/)
    }))

  test('no store is no failure, and none is made', () =>
    withFolder(async (folder) => {
      assert.is((await checkStore(join(folder, 'home'), true)).verdict, 'skipped')
      assert.not.ok(existsSync(join(folder, 'home')))
    }))

  test('encoders give the bytes that every Node gives', async () => {
    // A change here means that the same lock gives another image: raise FORMAT_VERSION with it.
    assert.equal(await sampleHashes(), SAMPLE_HASHES)
    const [found] = await checkEncoders({ ...SAMPLE_HASHES, cpio: 'other' })
    assert.equal([found?.verdict, found?.code], ['fail', 'E_NOT_REPRODUCIBLE'])
    assert.match(found?.found ?? '', /^cpio:/)
  })

  test.unless(missingFixture(), 'locks: missing, fresh, stale and changed by hand', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { one: { install: 'mkdir "$OUT/etc"' } })
      const { settings } = fixtureSettings(folder)
      assert.is((await checkLock('test', settings)).verdict, 'warn')
      const { path } = await lockSources('test', settings)
      assert.is((await checkLock('test', settings)).verdict, 'pass')
      const first = join(folder, 'changed')
      writePackage(first, 'one', { install: 'mkdir "$OUT/lib"' })
      const stale = await checkLock('test', { ...settings, recipeFolders: [first, folder] })
      assert.equal([stale.verdict, stale.code, stale.fix], ['fail', 'E_LOCK_STALE', 'mrrl lock test'])
      assert.match(stale.found, /one/)
      writeFileSync(path, readFileSync(path, 'utf8').replace('"epoch": 1735689600', '"epoch": 1735689601'))
      assert.is((await checkLock('test', settings)).code, 'E_LOCK_INVALID')
    }),
  )
})

const BYTES = Buffer.from('a source')

function sourceFrom(...from: string[]): Source {
  const integrity = integrityOf(BYTES)
  return { at: '', from, integrity, size: BYTES.length, inner: [], strip: 1, include: [], exclude: [] }
}

spec('doctor: places', (test) => {
  const missing = new Set([integrityOf(BYTES)])

  test('a server that answers, one that lacks the file, one that is down', () =>
    withServer(
      (request, response) => response.writeHead(request.url === '/a.tar' ? 200 : 404).end('x'),
      async ({ url }) => {
        const there = await checkPlaces([sourceFrom(`${url}/a.tar`)], missing, fetchConfig())
        assert.equal(verdicts(there), ['server pass', 'sources pass'])
        const lacking = await checkPlaces([sourceFrom(`${url}/b.tar`)], missing, fetchConfig())
        assert.match(lacking[0]?.found ?? '', /does not have all/)
        const down = await checkPlaces(
          [sourceFrom(`http://127.0.0.1:${await closedPort()}/a.tar`)],
          missing,
          fetchConfig(),
        )
        assert.equal(verdicts(down), ['server warn', 'sources fail'])
        assert.equal([down[1]?.code, /a\.tar/.test(down[1]?.found ?? '')], ['E_FETCH', true])
      },
    ))

  test('a location that is down is no matter when another has the file, a mirror of the user is', () =>
    withFolder(async (folder) => {
      const down = `http://127.0.0.1:${await closedPort()}`
      writeFileSync(join(folder, 'a.tar'), BYTES)
      const mirrors = [folder, `${down}/mirror`]
      const found = await checkPlaces([sourceFrom(`${down}/a.tar`)], missing, fetchConfig({ mirrors }))
      assert.equal(verdicts(found), ['mirror pass', 'mirror warn', 'server skipped', 'sources pass'])
      assert.match(found[0]?.found ?? '', /holds 1 of 1/)
    }))

  test('a mirror folder with nothing in it', () =>
    withFolder(async (folder) => {
      const config = fetchConfig({ mirrors: [folder], offline: true })
      const found = await checkPlaces([sourceFrom('https://example.invalid/a.tar')], missing, config)
      assert.equal(verdicts(found), ['mirror warn', 'server skipped', 'sources fail'])
      assert.is(found.at(-1)?.code, 'E_OFFLINE')
    }))

  test('a dated Debian archive is a place where no mirror is configured', async () => {
    const config = fetchConfig({ offline: true, debianMirrors: async () => [] })
    const path = 'debian:pool/main/t/thing/thing_1.0.orig.tar.xz'
    const dated = await checkPlaces([sourceFrom(`${path}@20260712T000000Z`)], missing, config)
    assert.equal(verdicts(dated), ['server skipped', 'sources fail'])
    assert.equal(verdicts(await checkPlaces([sourceFrom(path)], missing, config)), ['sources fail'])
  })

  test('offline nobody is asked, and what the store has need not be had', () =>
    withServer(
      (_request, response) => response.end(),
      async ({ url, requests }) => {
        const config = fetchConfig({ offline: true })
        const found = await checkPlaces([sourceFrom(`${url}/a.tar`)], new Set(), config)
        assert.equal(verdicts(found), ['server skipped', 'sources pass'])
        assert.equal(requests, [])
      },
    ))

  test('credentials are sent where they belong and never shown', () =>
    withServer(
      (request, response) => response.writeHead(request.headers.authorization === undefined ? 401 : 200).end('{}'),
      async ({ url, requests, headers }) => {
        const secret = `http://user:s3cret@${url.slice('http://'.length)}`
        const npm = { registry: async () => `${url}/npm/`, authorization: () => 'Bearer t0ken' }
        const config = fetchConfig({ npm, mirrors: [secret], debianMirrors: async () => [`${secret}/debian`] })
        const source = sourceFrom('npm:@scope/thing@1.0.0', 'debian:pool/main/t/thing/thing_1.0.orig.tar.xz')
        const found = await checkPlaces([source], missing, config)
        assert.equal(verdicts(found), ['mirror pass', 'npm registry pass', 'Debian mirror pass', 'sources pass'])
        assert.ok(requests.includes('GET /npm/@scope%2fthing'))
        assert.ok(headers.every(({ authorization }) => authorization !== undefined))
        assert.not.match(JSON.stringify(found), /s3cret|t0ken|user:/)
      },
    ))

  test('a registry that refuses', () =>
    withServer(
      (_request, response) => response.writeHead(401).end(),
      async ({ url }) => {
        const source = sourceFrom('npm:thing@1.0.0')
        const npm = { registry: async () => url, authorization: () => undefined }
        const refused = await checkPlaces([source], missing, fetchConfig({ npm }))
        assert.equal(verdicts(refused), ['npm registry warn', 'sources fail'])
        assert.match(refused[0]?.found ?? '', /401/)
      },
    ))
})

function verdicts(findings: readonly Finding[]): string[] {
  return findings.map(({ check, verdict }) => `${check} ${verdict}`)
}

function byCheck(findings: readonly Finding[]): ReadonlyMap<string, Finding> {
  return new Map(findings.map((finding) => [finding.check, finding]))
}
