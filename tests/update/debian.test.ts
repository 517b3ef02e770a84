import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { UPDATE_LIMITS, type UpdateConfig } from '../../src/update/config.ts'
import type { Current } from '../../src/update/current.ts'
import { upstreamVersion } from '../../src/update/debian-index.ts'
import { findUpdate } from '../../src/update/find-update.ts'
import { archiveAt, type DebianPackage, signArchive, writeArchive } from '../support/debian-archive.ts'
import { fetchConfig, integrityOf } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'
import {
  clearsigned,
  detached,
  findsUpdate,
  NOW,
  newSigner,
  type Site,
  tarball,
  tool,
  type World,
  withWorld,
} from '../support/updates.ts'

const DAY = 86_400_000
const [signer, other, stranger, expired] = await Promise.all([
  newSigner(),
  newSigner(),
  newSigner(),
  newSigner(30 * 86_400),
])
const [OLD, NEW] = [tarball('1.0'), tarball('1.2')]
const DIRECTORY = 'pool/main/t/tool'

const entry = (
  version: string,
  bytes: Uint8Array,
  name = `tool_${upstreamVersion(version)}.orig.tar.gz`,
): DebianPackage => ({
  name: 'tool',
  version,
  directory: DIRECTORY,
  files: { [name]: bytes },
})
const PACKAGES = [entry('1.2-1', NEW), { ...entry('9.9-1', NEW), name: 'toolbox' }]

const packaged = (options: Partial<Current> = {}, index = 'debian:tool', file = 'tool_{}.orig.tar.gz'): Current =>
  tool((version) => [`debian:${DIRECTORY}/${file.replace('{}', version)}`], { indexes: [index] }, options)

/** A session in which the server is the machine's archive, with these keys. */
function machine(world: World, keys = [signer.publicKey], options: Partial<UpdateConfig> = {}): World['session'] {
  return world.with({
    fetch: fetchConfig({ debianMirrors: async () => [world.url] }),
    debianArchives: async () => [archiveAt(world.url, keys)],
    ...options,
  })
}

spec('Debian index', (test) => {
  test('vouches for upstream’s archive, from the signature down to its hash', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer, other, stranger])
      const update = await findsUpdate(packaged(), machine(world, [signer.publicKey, other.publicKey]))
      assert.is(update.after, '1.2')
      assert.equal(update.sources[0]?.from, [`debian:${DIRECTORY}/tool_1.2.orig.tar.gz`])
      assert.is(update.sources[0]?.integrity, integrityOf(NEW))
      const voucher = { kind: 'debian release', file: 'tool_1.2.orig.tar.gz' }
      assert.equal(update.vouchers, [
        { ...voucher, by: signer.fingerprint },
        { ...voucher, by: other.fingerprint },
      ])
      assert.equal(update.unvouched, [])
    }))

  test('may be a folder, with Release and its signature apart', () =>
    withWorld(async (world) =>
      withFolder(async (folder) => {
        const site: Site = {}
        const release = writeArchive(site, PACKAGES, { byHash: false })
        site['/dists/trixie/Release'] = release
        site['/dists/trixie/Release.gpg'] = await detached(Buffer.from(release), signer)
        for (const [path, content] of Object.entries(site)) {
          mkdirSync(dirname(join(folder, path)), { recursive: true })
          writeFileSync(join(folder, path), content)
        }
        const session = machine(world, [], {
          fetch: fetchConfig({ debianMirrors: async () => [folder] }),
          debianArchives: async () => [archiveAt(folder, [signer.publicKey])],
        })
        assert.is((await findsUpdate(packaged(), session)).after, '1.2')
        assert.equal(world.requests, [])
      }),
    ))

  test('is read once for all packages of a run, and its Sources once for all runs', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer])
      const session = machine(world)
      await findsUpdate(packaged(), session)
      await findsUpdate(packaged(), session)
      await findsUpdate(packaged(), machine(world))
      assert.is(world.requests.filter((request) => request.includes('InRelease')).length, 2)
      assert.is(world.requests.filter((request) => request.includes('by-hash')).length, 1)
    }))

  test('without a signature that is known and whole is refused', () =>
    withWorld(async (world) => {
      const refused = async (why: RegExp, keys = [signer.publicKey]): Promise<void> => {
        const error = await rejects('E_INDEX_UNSIGNED', () => findUpdate(packaged(), machine(world, keys)))
        assert.match(error.message, why)
      }
      const path = '/dists/trixie/InRelease'
      const release = writeArchive(world.site, PACKAGES)
      const good = await clearsigned(release, [signer])
      world.site[path] = release
      await refused(/signature is none/)
      world.site[path] = await clearsigned(release, [stranger])
      await refused(/unknown or expired/)
      world.site[path] = good
      await refused(/unknown or expired/, [])
      world.site[path] = good.replace('Origin: Debian', 'Origin: Devian')
      await refused(/is wrong/)
      world.site[path] = good.replace(/\n[A-Za-z0-9+/]{40}/, (line) => `\n${[...line.slice(1)].reverse().join('')}`)
      await refused(/signature is none|is wrong/)
      world.site[path] = await clearsigned(release, [expired], NOW - 360 * DAY)
      await refused(/unknown or expired/, [expired.publicKey])
      world.site[path] = await clearsigned(release, [expired, signer], NOW - 360 * DAY)
      assert.ok(await findUpdate(packaged(), machine(world, [expired.publicKey, signer.publicKey])))
      world.site[path] = ''
      await refused(/signature is none/)
      delete world.site[path]
      world.site['/dists/trixie/Release'] = release
      await refused(/no signature/)
      world.site['/dists/trixie/Release.gpg'] = await detached(Buffer.from(`${release} `), signer)
      await refused(/is wrong/)
      world.site['/dists/trixie/Release.gpg'] = 'x'
      await refused(/signature is none/)
    }))

  test('counts only for what is signed of it', () =>
    withWorld(async (world) => {
      const evil = { ...entry('9.0-1', tarball('9.0')), name: 'tool' }
      const forged = writeArchive(world.site, [evil])
      const good = await clearsigned(writeArchive(world.site, PACKAGES), [signer])
      const path = '/dists/trixie/InRelease'
      for (const text of [
        `${forged}\n${good}`,
        `${good}\n${forged}`,
        good.replace('\n\n', `\nComment: x\n${forged}\n\n`),
      ]) {
        world.site[path] = text
        const update = await findUpdate(packaged(), machine(world)).catch((error) => error.code)
        assert.ok(update === 'E_INDEX_UNSIGNED' || update?.after === '1.2', String(update))
      }
    }))

  test('that is old, to come, or of another suite is refused', () =>
    withWorld(async (world) => {
      const with_ = async (options: Parameters<typeof signArchive>[3]): Promise<unknown> => {
        await signArchive(world.site, PACKAGES, [signer], options)
        return findUpdate(packaged(), machine(world))
      }
      await rejects('E_INDEX_UNSIGNED', () => with_({ validUntil: NOW - 1000 }))
      await rejects('E_INDEX_UNSIGNED', () => with_({ date: NOW + 2 * DAY }))
      await rejects('E_INDEX_UNSIGNED', () => with_({ release: (text) => text.replace(/Date: .*\n/, '') }))
      await rejects('E_INDEX_UNSIGNED', () =>
        with_({ release: (text) => text.replace(/Date: /, 'Valid-Until: x\nDate: ') }),
      )
      await rejects('E_INDEX_UNSIGNED', () => with_({ release: (text) => text.replaceAll(/trixie|stable/g, 'sid') }))
      await rejects('E_INDEX', () => with_({ release: (text) => text.replace('SHA256:', 'SHA1:') }))
      assert.ok(await with_({ validUntil: NOW + 2 * DAY }))
    }))

  test('whose Sources were swapped, cut or lengthened is refused', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer])
      const [path = ''] = Object.keys(world.site).filter((each) => each.includes('by-hash'))
      const good = Buffer.from(world.site[path] as Uint8Array)
      for (const bytes of [
        gzipSync('Package: tool\n'),
        good.subarray(1),
        Buffer.concat([good, good]),
        Buffer.alloc(0),
      ]) {
        world.site[path] = bytes
        await rejects('E_INDEX_UNSIGNED', () => findUpdate(packaged(), machine(world)))
      }
      delete world.site[path]
      await rejects('E_INDEX', () => findUpdate(packaged(), machine(world)))
    }))

  test('whose file is another than it says gives none', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer])
      world.site[`/${DIRECTORY}/tool_1.2.orig.tar.gz`] = tarball('1.2', { evil: 'x' })
      await rejects('E_INTEGRITY', () => findUpdate(packaged(), machine(world)))
    }))

  test('that has the locked file with other bytes stops', () =>
    withWorld(async (world) => {
      await signArchive(world.site, [entry('1.0-3', tarball('1.0', { evil: 'x' }))], [signer])
      await rejects('E_UPDATE_REROLLED', () => findUpdate(packaged(), machine(world)))
      await signArchive(world.site, [entry('1.0-3', OLD)], [signer])
      assert.is(await findUpdate(packaged(), machine(world)), undefined)
    }))

  test('that names a path, or one file twice, is refused', () =>
    withWorld(async (world) => {
      const find = async (packages: readonly DebianPackage[]): Promise<unknown> => {
        await signArchive(world.site, packages, [signer])
        return findUpdate(packaged(), machine(world))
      }
      for (const directory of [
        '../../etc',
        '/etc',
        'pool/../../etc',
        'https://evil.example/',
        'pool',
        'pool/main//x',
        '',
      ]) {
        await rejects('E_INDEX_REFUSED', () => find([{ ...entry('1.2-1', NEW), directory }]))
      }
      for (const name of ['../tool_1.2.orig.tar.gz', '/tool_1.2.orig.tar.gz', '..tar.gz', 'a%2f.tar.gz']) {
        await rejects('E_INDEX_REFUSED', () => find([entry('1.2-1', NEW, name)]))
      }
      await rejects('E_INDEX_REFUSED', () => find([entry('1.2-1', NEW), entry('1.2-2', OLD, 'tool_1.2.orig.tar.gz')]))
      await rejects('E_INDEX', () => find([{ ...entry('1.2-1', NEW), files: {} }]))
    }))

  test('that has the version packed anew under another name says so', () =>
    withWorld(async (world) => {
      await signArchive(world.site, [entry('1:1.2+dfsg1-3', NEW, 'tool_1.2+dfsg1.orig.tar.gz')], [signer])
      const error = await rejects('E_INDEX', () =>
        findUpdate(packaged({}, 'debian:tool', 'tool_{}+dfsg.orig.tar.gz'), machine(world)),
      )
      assert.equal(error.fields.has, [`debian:${DIRECTORY}/tool_1.2+dfsg1.orig.tar.gz`])
      const right = packaged({}, 'debian:tool', 'tool_{}+dfsg1.orig.tar.gz')
      assert.is((await findsUpdate(right, machine(world))).after, '1.2')
    }))

  test('of a suite by name may be one that the machine does not use; what it lacks is told', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer], { suite: 'testing', codename: 'forky' })
      const session = (): World['session'] =>
        machine(world, [], { debianArchives: async () => [archiveAt(world.url, [signer.publicKey], ['bookworm'])] })
      assert.is((await findsUpdate(packaged({}, 'debian:tool@forky'), session())).after, '1.2')
      await rejects('E_INDEX', () => findUpdate(packaged(), session()))
      await rejects('E_INDEX', () => findUpdate(packaged({}, 'debian:tool@sid'), session()))
      await rejects('E_INDEX', () => findUpdate(packaged({}, 'debian:other@forky'), session()))
      await rejects('E_INDEX', () => findUpdate(packaged(), machine(world, [], { debianArchives: async () => [] })))
    }))

  test('that is older than the lock is a downgrade where the recipe names the suite', () =>
    withWorld(async (world) => {
      await signArchive(world.site, [entry('0.9-1', OLD)], [signer])
      assert.is(await findUpdate(packaged(), machine(world)), undefined)
      await rejects('E_UPDATE_DOWNGRADE', () => findUpdate(packaged({}, 'debian:tool@trixie'), machine(world)))
    }))

  test('is as large as it may be, and no larger', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer])
      const limited = (limits: object): World['session'] =>
        machine(world, [signer.publicKey], { limits: { ...UPDATE_LIMITS, ...limits } })
      await rejects('E_INDEX_LIMIT', () => findUpdate(packaged(), limited({ entries: 1 })))
      await rejects('E_INDEX_LIMIT', () => findUpdate(packaged(), limited({ bytes: 100 })))
      const long = { ...entry('1.2-1', NEW), directory: 'x'.repeat(5 << 20) }
      await signArchive(world.site, [long], [signer])
      await rejects('E_INDEX_LIMIT', () => findUpdate(packaged(), machine(world)))
      await signArchive(world.site, PACKAGES, [signer], {
        release: (text) => text.replace(/ [0-9]+ main\/source\/Sources.gz/g, ' 999999999999 main/source/Sources.gz'),
      })
      await rejects('E_INDEX_LIMIT', () => findUpdate(packaged(), machine(world)))
    }))

  test('signers that changed stop', () =>
    withWorld(async (world) => {
      await signArchive(world.site, PACKAGES, [signer, other])
      const voucher = { kind: 'debian release', file: 'tool_1.0.orig.tar.gz' } as const
      const keys = [signer.publicKey, other.publicKey]
      const find = (by: string): Promise<unknown> =>
        findUpdate(packaged({ vouchers: [{ ...voucher, by }] }), machine(world, keys))
      assert.ok(await find(other.fingerprint))
      await rejects('E_UPDATE_SIGNER', () => find(stranger.fingerprint))
    }))

  test('versions are upstream’s', () => {
    const cases: Record<string, string> = {
      '1:1.37.0-6+b1': '1.37.0',
      '3.8.2+dfsg-1': '3.8.2',
      '2:6.3.0+dfsg-2': '6.3.0',
      '1:1.3.dfsg+really1.3.1-1': '1.3.1',
      '2.0~rc1-1': '2.0-rc1',
      '14.2.0-19': '14.2.0',
      '1.4.19': '1.4.19',
      '1.2+ds1-1': '1.2',
    }
    for (const [debian, upstream] of Object.entries(cases)) assert.is(upstreamVersion(debian), upstream, debian)
  })

  test.unless(missing('gpg'), 'reads what GnuPG signs, clear and apart, with an exported keyring', () =>
    withWorld(async (world) =>
      withFolder(async (home) => {
        const gpg = (...args: string[]): Buffer =>
          run(
            'gpg',
            '--homedir',
            home,
            '--batch',
            '--quiet',
            '--pinentry-mode',
            'loopback',
            '--passphrase',
            '',
            ...args,
          )
        gpg(
          '--faked-system-time',
          '20250101T000000',
          '--quick-generate-key',
          'archive@example.org',
          'rsa2048',
          'sign',
          '0',
        )
        const keyring = gpg('--export')
        const release = join(home, 'Release')
        writeFileSync(release, writeArchive(world.site, PACKAGES))
        const at = ['--faked-system-time', '20251231T000000']
        world.site['/dists/trixie/InRelease'] = gpg(...at, '--clearsign', '--output', '-', release)
        assert.is((await findsUpdate(packaged(), machine(world, [keyring]))).after, '1.2')
        delete world.site['/dists/trixie/InRelease']
        world.site['/dists/trixie/Release'] = writeArchive(world.site, PACKAGES)
        for (const armor of [['--armor'], []]) {
          world.site['/dists/trixie/Release.gpg'] = gpg(...at, ...armor, '--detach-sign', '--output', '-', release)
          assert.is((await findsUpdate(packaged(), machine(world, [keyring]))).after, '1.2')
        }
      }),
    ),
  )
})
