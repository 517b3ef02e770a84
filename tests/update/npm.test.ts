import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import * as assert from 'uvu/assert'
import { UPDATE_LIMITS, type UpdateConfig } from '../../src/update/config.ts'
import type { Current } from '../../src/update/current.ts'
import { findUpdate } from '../../src/update/find-update.ts'
import { openNpmIndex } from '../../src/update/npm-index.ts'
import { integrityOf } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { findsUpdate, NOW, source, tarball, tool, type World, withWorld } from '../support/updates.ts'

const NAME = '@s/tool'
const [OLD, NEW] = [tarball('1.0.0'), tarball('1.2.0')]

interface Dist {
  integrity?: unknown
  tarball?: unknown
  signatures?: unknown
}
type Packument = { name: unknown; versions: Record<string, Record<string, unknown> & { dist: Dist }> }

/** What a registry says of the package in its short form, and its tarballs. */
function publish({ site, url }: World): Packument {
  const version = (text: string, bytes: Uint8Array): Packument['versions'][string] => {
    const path = `/${NAME}/-/tool-${text}.tgz`
    site[path] = bytes
    site[`/${NAME}/${text}`] = JSON.stringify({ license: text === '1.0.0' ? 'MIT' : 'Apache-2.0' })
    return { name: NAME, version: text, dist: { integrity: integrityOf(bytes, 'sha512'), tarball: `${url}${path}` } }
  }
  return { name: NAME, versions: { '1.0.0': version('1.0.0', OLD), '1.2.0': version('1.2.0', NEW) } }
}

function answer({ site }: World, packument: unknown): void {
  site['/@s%2ftool'] = typeof packument === 'string' ? packument : JSON.stringify(packument)
}

const locked = (options: Partial<Current> = {}): Current => {
  const from = (version: string): string[] => [`npm:${NAME}@${version}`]
  return tool(
    from,
    { indexes: [`npm:${NAME}`] },
    { version: '1.0.0', sources: [source(from('1.0.0'), OLD, 'sha512')], ...options },
  )
}

/** A key of a registry, and what signs with it. */
function registryKey(): { id: string; entry: object; sign: (text: string) => string; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const id = `SHA256:${createHash('sha256').update(spki).digest('base64').replace('=', '')}`
  return {
    id,
    privateKey,
    entry: { keyid: id, keytype: 'ecdsa-sha2-nistp256', key: spki.toString('base64'), expires: null },
    sign: (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64'),
  }
}

spec('npm registry', (test) => {
  test('the newest version comes with hash, size and both licences; the registry alone is no voucher', () =>
    withWorld(async (world) => {
      const packument = publish(world)
      packument.versions['1.3.0'] = { ...packument.versions['1.2.0'], deprecated: 'broken', dist: {} }
      packument.versions['2.0.0-rc.1'] = { dist: {} }
      packument.versions['11.0'] = { dist: {} }
      answer(world, packument)
      const update = await findsUpdate(locked(), world.session)
      assert.is(update.after, '1.2.0')
      assert.is(update.sources[0]?.integrity, integrityOf(NEW, 'sha512'))
      assert.is(update.sources[0]?.size, NEW.length)
      assert.equal(update.license, { before: 'MIT', after: 'Apache-2.0', files: [] })
      assert.equal(update.unvouched, ['tool-1.2.0.tgz'])
    }))

  test('the long form serves as well', () =>
    withWorld(async (world) => {
      const packument = publish(world)
      for (const version of Object.values(packument.versions)) version.license = 'ISC'
      answer(world, { ...packument, time: {}, readme: 'x'.repeat(1000), maintainers: [] })
      assert.is((await findsUpdate(locked(), world.session)).license.after, 'ISC')
    }))

  test('its signature vouches', () =>
    withWorld(async (world) => {
      const packument = publish(world)
      const [key, other, old] = [registryKey(), registryKey(), registryKey()]
      world.site['/-/npm/v1/keys'] = JSON.stringify({ keys: [key.entry, { ...old.entry, expires: new Date(NOW - 1) }] })
      const { dist } = packument.versions['1.2.0'] as { dist: Dist }
      const text = `${NAME}@1.2.0:${dist.integrity}`
      const find = (options: Partial<Current> = {}): ReturnType<typeof findsUpdate> => {
        answer(world, packument)
        return findsUpdate(locked(options), world.with({}))
      }
      dist.signatures = [
        { keyid: other.id, sig: other.sign(text) },
        { keyid: key.id, sig: key.sign(text) },
      ]
      const voucher = { kind: 'npm registry signature', by: key.id, file: 'tool-1.2.0.tgz' } as const
      assert.equal((await find()).vouchers, [voucher])
      assert.equal((await find({ vouchers: [voucher] })).unvouched, [])
      await rejects('E_UPDATE_SIGNER', () => find({ vouchers: [{ ...voucher, by: other.id }] }))
      dist.signatures = [{ keyid: old.id, sig: old.sign(text) }]
      assert.equal((await find()).vouchers, [])
      for (const sig of [key.sign(`${NAME}@1.2.1:${dist.integrity}`), 'AAAA', '', 7, undefined]) {
        dist.signatures = [{ keyid: key.id, sig }]
        await rejects('E_SIGNATURE', () => find())
      }
      dist.signatures = Array.from({ length: 17 }, () => ({ keyid: key.id, sig: '' }))
      await rejects('E_INDEX', () => find())
    }))

  test('metadata that names a path, another host or plain http is refused', () =>
    withWorld(async (world) => {
      const { port } = world
      const tarballs = [
        '/etc/passwd',
        '../../etc/passwd',
        'file:///etc/passwd',
        `ftp://127.0.0.1:${port}/x.tgz`,
        'https://evil.example/tool-1.2.0.tgz',
        `http://localhost:${port}/tool-1.2.0.tgz`,
        `http://127.0.0.1:${port + 1}/tool-1.2.0.tgz`,
        `http://user:pass@127.0.0.1:${port}/tool-1.2.0.tgz`,
        undefined,
        7,
        {},
      ]
      for (const tarball of tarballs) {
        const packument = publish(world)
        ;(packument.versions['1.2.0'] as { dist: Dist }).dist.tarball = tarball
        answer(world, packument)
        await rejects('E_INDEX_REFUSED', () => findUpdate(locked(), world.with({})))
      }
    }))

  test('a tarball over plain http does not do for a registry over https', () =>
    withWorld(async (world) => {
      const packument = publish(world)
      answer(world, packument)
      const { fetch } = world.session.config
      const index = await openNpmIndex(`npm:${NAME}`, NAME, world.session)
      assert.equal(index.versions, ['1.0.0', '1.2.0'])
      const secure = world.with({
        fetch: { ...fetch, npm: { ...fetch.npm, registry: async () => `https://127.0.0.1:${world.port}` } },
      })
      await secure.once(`https://127.0.0.1:${world.port}/@s%2ftool`, async () => packument)
      const { describe } = await openNpmIndex(`npm:${NAME}`, NAME, secure)
      await rejects('E_INDEX_REFUSED', () => describe('1.2.0'))
    }))

  test('metadata of another package, version or form is refused', () =>
    withWorld(async (world) => {
      const find = (
        change: (packument: Packument) => unknown,
        options: Partial<UpdateConfig> = {},
      ): Promise<unknown> => {
        const packument = publish(world)
        answer(world, change(packument) ?? packument)
        return findUpdate(locked(), world.with(options))
      }
      const newest = (packument: Packument): { dist: Dist } => packument.versions['1.2.0'] as { dist: Dist }
      await rejects('E_INDEX_REFUSED', () => find((packument) => void Object.assign(packument, { name: 'tool' })))
      await rejects('E_INDEX_REFUSED', () =>
        find((packument) => void Object.assign(newest(packument), { name: '../tool' })),
      )
      await rejects('E_INDEX_REFUSED', () =>
        find((packument) => void Object.assign(newest(packument), { version: '9.9.9' })),
      )
      for (const integrity of [undefined, 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=', 'md5-x', '', 7, 'sha512-AAAA', '../x']) {
        await rejects('E_INDEX', () => find((packument) => void Object.assign(newest(packument).dist, { integrity })))
      }
      for (const text of [
        '',
        'null',
        '[]',
        '{',
        '<html>',
        '['.repeat(1 << 20),
        `{"name":"${NAME}","versions":7}`,
        '\xff',
      ]) {
        await rejects(/^(null|\[\])$/.test(text) ? 'E_INDEX_REFUSED' : 'E_INDEX', () => find(() => text))
      }
      const proto = `{"name":"${NAME}","versions":{"__proto__":{"polluted":1},"constructor":{},"1.0.0":{}}}`
      await rejects('E_INDEX_REFUSED', () => find(() => proto))
      assert.is(({} as Record<string, unknown>).polluted, undefined)
      await rejects('E_INDEX_LIMIT', () => find(() => undefined, { limits: { ...UPDATE_LIMITS, entries: 1 } }))
      await rejects('E_INDEX_LIMIT', () => find(() => undefined, { limits: { ...UPDATE_LIMITS, bytes: 100 } }))
    }))

  test('other bytes than those stated, and a locked version that changed, stop', () =>
    withWorld(async (world) => {
      answer(world, publish(world))
      world.site[`/${NAME}/-/tool-1.2.0.tgz`] = tarball('1.2.0', { evil: 'x' })
      await rejects('E_INTEGRITY', () => findUpdate(locked(), world.with({})))
      const packument = publish(world)
      ;(packument.versions['1.0.0'] as { dist: Dist }).dist.integrity = integrityOf(NEW, 'sha512')
      answer(world, packument)
      await rejects('E_UPDATE_REROLLED', () => findUpdate(locked(), world.with({})))
    }))

  test('a registry that has only older versions has gone back', () =>
    withWorld(async (world) => {
      const packument = publish(world)
      delete packument.versions['1.2.0']
      answer(world, packument)
      const error = await rejects('E_UPDATE_DOWNGRADE', () => findUpdate(locked({ version: '1.1.0' }), world.session))
      assert.is(error.fields.after, '1.0.0')
    }))
})
