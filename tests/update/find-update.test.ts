import * as assert from 'uvu/assert'
import { findUpdate } from '../../src/update/find-update.ts'
import { areIndependent } from '../../src/update/hosts.ts'
import { parseIndex } from '../../src/update/indexes.ts'
import { noise } from '../support/bytes.ts'
import { archiveAt, signArchive } from '../support/debian-archive.ts'
import { fetchConfig } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { findsUpdate, newSigner, page, source, tarball, tool, type World, withWorld } from '../support/updates.ts'

type Locations = (version: string) => readonly string[]

/** A world that lists 1.0 and 1.1 and has both. */
function withTwo(body: (world: World, from: Locations) => Promise<void>): Promise<void> {
  return withWorld(async (world) => {
    world.site['/'] = page('tool-1.0.tar.gz', 'tool-1.1.tar.gz')
    for (const version of ['1.0', '1.1']) world.site[`/tool-${version}.tar.gz`] = tarball(version)
    await body(world, (version) => [`${world.url}/tool-${version}.tar.gz`])
  })
}

const elsewhere = (url: string): string => url.replace('127.0.0.1', 'localhost')

spec('a second location', (test) => {
  test('on another host vouches; on the same, or without the file, it does not', () =>
    withTwo(async ({ url, session, site }) => {
      const vouchers = async (...bases: string[]): Promise<unknown> => {
        const from = (version: string): string[] => bases.map((base) => `${base}/tool-${version}.tar.gz`)
        return (await findsUpdate(tool(from, { indexes: [`${url}/`] }), session)).vouchers
      }
      const voucher = { kind: 'second location', file: 'tool-1.1.tar.gz' }
      assert.equal(await vouchers(url, elsewhere(url)), [{ ...voucher, by: 'localhost' }])
      assert.equal(await vouchers(elsewhere(url), `${elsewhere(url)}/none`, url), [{ ...voucher, by: '127.0.0.1' }])
      assert.equal(await vouchers(url, `${elsewhere(url)}/none`), [])
      site['/copy/tool-1.1.tar.gz'] = tarball('1.1')
      assert.equal(await vouchers(url, `${url}/copy`), [])
    }))

  test('with other bytes stops, be they as many, fewer or more', () =>
    withTwo(async ({ url, session, site }) => {
      const from = (version: string): string[] => [
        `${url}/tool-${version}.tar.gz`,
        `${elsewhere(url)}/b/tool-${version}.tar.gz`,
      ]
      const good = tarball('1.1')
      for (const bytes of [Buffer.from(good).fill(0, 20, 21), good.subarray(1), Buffer.concat([good, good])]) {
        site['/b/tool-1.1.tar.gz'] = bytes
        await rejects('E_INTEGRITY', () => findUpdate(tool(from, { indexes: [`${url}/`] }), session))
      }
    }))

  test('may be Debian’s pool, which never counts alone', () =>
    withTwo(async (world) => {
      const { url, site } = world
      const pool = 'pool/main/t/tool'
      site[`/${pool}/tool_1.1.orig.tar.gz`] = tarball('1.1')
      const session = world.with({ fetch: fetchConfig({ debianMirrors: async () => [elsewhere(url)] }) })
      const both = (version: string): string[] => [
        `debian:${pool}/tool_${version}.orig.tar.gz`,
        `${url}/tool-${version}.tar.gz`,
      ]
      const update = await findsUpdate(tool(both, { indexes: [`${url}/`] }), session)
      assert.equal(
        update.vouchers.map(({ kind, by }) => `${kind} ${by}`),
        ['second location localhost'],
      )
      const alone = (version: string): string[] => [`debian:${pool}/tool_${version}.orig.tar.gz`]
      const rules = { indexes: [`${url}/`], pattern: 'tool-{version}.tar.gz' }
      await rejects('E_FETCH', () => findUpdate(tool(alone, rules), session))
    }))

  test('is independent by its owner', () => {
    assert.ok(areIndependent('ftp.one.example', 'two.example'))
    assert.not.ok(areIndependent('ftp.one.example', 'www.one.example'))
    assert.not.ok(areIndependent('one.example', 'one.example'))
    assert.ok(areIndependent('127.0.0.1', '10.0.0.1'))
    assert.not.ok(areIndependent('[::1]', '[::1]'))
  })
})

spec('what must not change', (test) => {
  test('a range that leaves out what is locked would go back', () =>
    withTwo(async ({ url, session }, from) => {
      const current = tool(from, { indexes: [`${url}/`], range: '<1.1' }, { version: '1.1', bytes: tarball('1.1') })
      const error = await rejects('E_UPDATE_DOWNGRADE', () => findUpdate(current, session))
      assert.equal([error.fields.before, error.fields.after], ['1.1', '1.0'])
    }))

  test('a page that has only older versions has gone back, unless another index could not be asked', () =>
    withTwo(async ({ url, session }, from) => {
      const newer = (indexes: string[]): Promise<unknown> =>
        findUpdate(tool(from, { indexes, pattern: 'tool-{version}.tar.gz' }, { version: '1.2' }), session)
      await rejects('E_UPDATE_DOWNGRADE', () => newer([`${url}/`]))
      assert.is(await newer([`${url}/`, `${url}/none/`]), undefined)
    }))

  test('the host, the npm package and the Debian package', () =>
    withTwo(async ({ url, session }, from) => {
      const moved: Record<string, Locations> = {
        host: (version) => [`${elsewhere(url)}/tool-${version}.tar.gz`],
        port: (version) => [`http://127.0.0.1:1/tool-${version}.tar.gz`],
        'one of two': (version) => [`${url}/tool-${version}.tar.gz`, `${elsewhere(url)}/tool-${version}.tar.gz`],
        npm: (version) => [`npm:tool@${version}.0`],
        file: (version) => [`file:/tmp/tool-${version}.tar.gz`],
        Debian: (version) => [`debian:pool/main/t/tool/tool_${version}.orig.tar.gz`],
      }
      for (const [what, other] of Object.entries(moved)) {
        const current = tool(
          from,
          { indexes: [`${url}/`] },
          { sourcesOf: (version) => [source(other(version), tarball('1.0'))] },
        )
        const error = await rejects('E_UPDATE_HOST', () => findUpdate(current, session))
        assert.match(error.message, 'another place', what)
      }
    }))

  test('the bytes of a name: a file that was replaced is found though nothing is newer', () =>
    withTwo(async ({ url, session, site }, from) => {
      const current = tool(from, { indexes: [`${url}/`], range: '1.0.x' })
      assert.is(await findUpdate(current, session), undefined)
      const good = tarball('1.0')
      for (const bytes of [
        tarball('1.0', { evil: 'x' }),
        Buffer.from(good).fill(0, 20, 21),
        good.subarray(1),
        Buffer.concat([good, good]),
      ]) {
        site['/tool-1.0.tar.gz'] = bytes
        const error = await rejects('E_UPDATE_REROLLED', () => findUpdate(current, session))
        assert.is(error.fields.from, `${url}/tool-1.0.tar.gz`)
      }
      // A file that is gone says nothing: mirrors have it.
      delete site['/tool-1.0.tar.gz']
      assert.is(await findUpdate(current, session), undefined)
    }))

  test('nor when there is a newer version beside it', () =>
    withTwo(async ({ url, session, site }, from) => {
      site['/tool-1.0.tar.gz'] = tarball('1.0', { evil: 'x' })
      await rejects('E_UPDATE_REROLLED', () => findUpdate(tool(from, { indexes: [`${url}/`] }), session))
    }))
})

spec('a new version', (test) => {
  test('has all sources of the recipe; those that do not depend on it stay', () =>
    withTwo(async ({ url, session }) => {
      const extra = source([`${url}/fixed.tar.gz`], tarball('0.1'))
      const sources = (version: string): (typeof extra)[] => [
        source([`${url}/tool-${version}.tar.gz`], tarball('1.0')),
        extra,
      ]
      const current = tool(() => [], { indexes: [`${url}/`] }, { sources: sources('1.0'), sourcesOf: sources })
      const update = await findsUpdate(current, session)
      assert.equal(update.sources[1], extra)
      assert.equal(update.unvouched, ['tool-1.1.tar.gz'])
      assert.is(update.sizeAfter, tarball('1.1').length + extra.size)
    }))

  test('needs locations that depend on it, and as many sources as before', () =>
    withTwo(async ({ url, session }, from) => {
      const rules = { indexes: [`${url}/`], pattern: 'tool-{version}.tar.gz' }
      const fixed = (): string[] => [`${url}/tool.tar.gz`]
      await rejects('E_RECIPE_INVALID', () => findUpdate(tool(fixed, rules), session))
      await rejects('E_RECIPE_INVALID', () => findUpdate(tool(from, rules, { sourcesOf: () => [] }), session))
      await rejects('E_RECIPE_INVALID', () => findUpdate(tool(fixed, { indexes: [`${url}/`] }), session))
      await rejects('E_RECIPE_INVALID', () => findUpdate(tool(from, rules, { version: 'trunk' }), session))
    }))

  test('must be there, of a size that makes sense, and an archive that is sound', () =>
    withTwo(async ({ url, session, site }, from) => {
      const find = (): Promise<unknown> => findUpdate(tool(from, { indexes: [`${url}/`] }), session)
      delete site['/tool-1.1.tar.gz']
      await rejects('E_FETCH', find)
      site['/tool-1.1.tar.gz'] = Buffer.alloc((33 << 20) + 4000)
      await rejects('E_FETCH_SIZE', find)
      site['/tool-1.1.tar.gz'] = tarball('1.1').subarray(0, -30)
      await rejects('E_ARCHIVE', find)
      site['/tool-1.1.tar.gz'] = tarball('1.1', { '../../COPYING': 'x' })
      await rejects('E_ARCHIVE_PATH', find)
      site['/tool-1.1.tar.gz'] = Buffer.from(noise(1000))
      assert.ok(await find())
    }))

  test('is vouched for by Debian’s signature too where the recipe takes the file from upstream', () =>
    withTwo(async (world, from) => {
      const signer = await newSigner()
      const files = { 'tool_1.1.orig.tar.gz': tarball('1.1') }
      await signArchive(
        world.site,
        [{ name: 'tool', version: '1.1-1', directory: 'pool/main/t/tool', files }],
        [signer],
      )
      const session = world.with({ debianArchives: async () => [archiveAt(world.url, [signer.publicKey])] })
      const update = await findsUpdate(tool(from, { indexes: [`${world.url}/`, 'debian:tool'] }), session)
      assert.equal(update.indexes, [`${world.url}/`, 'debian:tool'])
      assert.equal(update.vouchers, [{ kind: 'debian release', by: signer.fingerprint, file: 'tool-1.1.tar.gz' }])
    }))

  test('is not looked for after an interruption', () =>
    withTwo(async ({ url, ...world }, from) => {
      const session = world.with({ signal: AbortSignal.abort(new Error('interrupted')) })
      try {
        await findUpdate(tool(from, { indexes: [`${url}/`] }), session)
      } catch (error) {
        assert.is((error as Error).message, 'interrupted')
        return
      }
      assert.unreachable()
    }))
})

spec('names of indexes', (test) => {
  test('are of six kinds', () => {
    const names = [
      'npm:@s/tool',
      'npm:tool',
      'debian:make-dfsg',
      'debian:gcc-14@bookworm-security',
      'https://a.example/d/',
    ]
    names.push('github:o/r.x', 'gitlab:git.example.org/g/sub/p', 'kernel.org')
    const kinds = names.map((name) => parseIndex(name).kind)
    assert.equal(kinds, ['npm', 'npm', 'debian', 'debian', 'listing', 'github', 'gitlab', 'kernel'])
  })

  test('are nothing else', async () => {
    const texts = [
      '',
      'npm:',
      'npm:../x',
      'npm:Tool',
      'debian:../x',
      'debian:x@../../y',
      'debian:x@/',
      'github:o',
      'github:o/r/x',
    ]
    texts.push(
      'gitlab:host',
      'gitlab:host/p',
      'gitlab:h/../../p',
      'http://a.example/',
      'https://a.example/file',
      'ftp://a.example/',
    )
    texts.push(
      'https://a.example/?x=/',
      'https://u:p@a.example/',
      'https://a.example/#/',
      'file:///etc/',
      'kernel.org/',
      '/etc/',
    )
    for (const text of texts) await rejects('E_RECIPE_INVALID', () => parseIndex(text))
  })
})
