import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as assert from 'uvu/assert'
import { UPDATE_LIMITS } from '../../src/update/config.ts'
import { findUpdate } from '../../src/update/find-update.ts'
import { closedPort, fetchConfig, integrityOf, quickClient, withServer } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'
import { findsUpdate, page, tarball, tool, type World, withWorld } from '../support/updates.ts'

/** The package at `<server>/d/tool-<version>.tar.gz`, listed there. */
const listed = ({ url }: World, rules = {}): ReturnType<typeof tool> =>
  tool((version) => [`${url}/d/tool-${version}.tar.gz`], { indexes: [`${url}/d/`], ...rules })

spec('directory pages', (test) => {
  test('the newest version is downloaded, measured and hashed; nobody vouches for it', () =>
    withWorld(async (world) => {
      const after = tarball('1.10', { COPYING: 'new terms\n', NOTICE: 'x' })
      world.site['/d/'] = page(
        'tool-1.0.tar.gz',
        'tool-1.9.tar.gz',
        'tool-1.10.tar.gz',
        'tool-2.0-rc1.tar.gz',
        'tool-1.10.tar.gz.sig',
        'other-3.0.tar.gz',
      )
      world.site['/d/tool-1.0.tar.gz'] = tarball('1.0')
      world.site['/d/tool-1.10.tar.gz'] = after
      const current = listed(world)
      const update = await findsUpdate(current, world.session)
      assert.equal(update, {
        name: 'tool',
        before: '1.0',
        after: '1.10',
        indexes: [`${world.url}/d/`],
        sources: [
          {
            ...current.sources[0],
            from: [`${world.url}/d/tool-1.10.tar.gz`],
            integrity: integrityOf(after),
            size: after.length,
          },
        ],
        vouchers: [],
        unvouched: ['tool-1.10.tar.gz'],
        license: { before: '', after: '', files: ['COPYING', 'NOTICE'] },
        sizeBefore: tarball('1.0').length,
        sizeAfter: after.length,
      })
      assert.ok(await world.session.store.blobs.has(await world.session.store.blobs.put(after)))
    }))

  test('nothing is found when nothing is newer, in range or released', () =>
    withWorld(async (world) => {
      world.site['/d/'] = page('tool-1.0.tar.gz', 'tool-2.0.tar.gz', 'tool-1.1-rc1.tar.gz')
      world.site['/d/tool-1.0.tar.gz'] = tarball('1.0')
      assert.is(await findUpdate(listed(world, { range: '^1' }), world.session), undefined)
      world.site['/d/tool-1.1-rc1.tar.gz'] = tarball('1.1')
      const update = await findsUpdate(listed(world, { range: '^1' }), world.with({ pre: true }))
      assert.is(update.after, '1.1-rc1')
    }))

  test('folders named by version are read with a pattern', () =>
    withWorld(async (world) => {
      world.site['/d/'] = page('tool-1.0/', 'tool-1.1/', 'tool-current/')
      world.site['/d/tool-1.1/tool-1.1.tar.gz'] = tarball('1.1')
      const rules = { indexes: [`${world.url}/d/`], pattern: 'tool-{version}/' }
      const update = await findsUpdate(
        tool((version) => [`${world.url}/d/tool-${version}/tool-${version}.tar.gz`], rules),
        world.session,
      )
      assert.is(update.after, '1.1')
      // The old file is gone, so all licence files are told.
      assert.equal(update.license.files, ['COPYING'])
    }))

  test('a link that is more than a file name is refused', () =>
    withWorld(async (world) => {
      const links = [
        '../../../etc/tool-9.9.tar.gz',
        '/etc/tool-9.9.tar.gz',
        'https://evil.example/tool-9.9.tar.gz',
        'http://evil.example/tool-9.9.tar.gz',
        '//evil.example/tool-9.9.tar.gz',
        'file:///tmp/tool-9.9.tar.gz',
        '..%2f..%2ftool-9.9.tar.gz',
        'x/tool-9.9.tar.gz',
        'tool-9%00.tar.gz',
        'tool-9.9.tar.gz?from=evil',
        'tool-9.9.tar.gz#x',
      ]
      for (const link of links) {
        world.site['/d/'] = page(link, 'tool-1.0.tar.gz')
        await rejects('E_INDEX_REFUSED', () => findUpdate(listed(world), world.with({})))
      }
    }))

  test('a version that is none names nothing', () =>
    withWorld(async (world) => {
      world.site['/d/tool-1.0.tar.gz'] = tarball('1.0')
      world.site['/d/'] = page('tool-1.0.tar.gz', 'tool-9..9.tar.gz', 'tool-9%0a.tar.gz', 'tool-$(id).tar.gz')
      assert.is(await findUpdate(listed(world), world.session), undefined)
    }))

  test('hostile pages end quickly', () =>
    withWorld(async (world) => {
      world.site['/d/tool-1.0.tar.gz'] = tarball('1.0')
      const honest = page('tool-1.0.tar.gz')
      const size = 8 << 20
      const pages: Record<string, string> = {
        'open quotes': 'href="'.repeat(size / 6),
        'open single quotes': "href='".repeat(size / 6),
        'no values': 'href='.repeat(size / 5),
        spaces: `href${' '.repeat(size)}="x"`,
        'spaces, often': 'href       ='.repeat(size / 12),
        'one link': `<a href="${'tool-'.repeat(size / 5)}">`,
        dots: `<a href="tool-${'1.'.repeat(400)}x.tar.gz">`.repeat(1000),
        brackets: '<'.repeat(size),
        percents: `<a href="${'%'.repeat(1000)}">`.repeat(8000),
        entities: `<a href="${'&amp;'.repeat(200)}">`.repeat(8000),
      }
      for (const [name, html] of Object.entries(pages)) {
        world.site['/d/'] = honest + html
        const start = performance.now()
        const result = await findUpdate(listed(world), world.with({})).catch((error) => error.code)
        assert.ok(result === undefined || result === 'E_INDEX_LIMIT', `${name}: ${result}`)
        assert.ok(performance.now() - start < 3000, `${name} took too long`)
      }
    }))

  test('pages that are too long, too slow, endless or have too many links are left', () =>
    withWorld(async (world) => {
      const small = (limits: object): ReturnType<World['with']> =>
        world.with({ limits: { ...UPDATE_LIMITS, ...limits } })
      world.site['/d/'] = page(...Array.from({ length: 500 }, (_, at) => `tool-${at}.0.tar.gz`))
      await rejects('E_INDEX_LIMIT', () => findUpdate(listed(world), small({ entries: 499 })))
      await rejects('E_INDEX_LIMIT', () => findUpdate(listed(world), small({ bytes: 10_000 })))
      await withServer(
        (_, response) => {
          response.writeHead(200)
          const timer = setInterval(() => response.write('x'), 10)
          response.on('close', () => clearInterval(timer))
        },
        async ({ url }) => {
          const slow = tool((version) => [`${url}/tool-${version}.tar.gz`], { indexes: [`${url}/`] })
          await rejects('E_INDEX_LIMIT', () => findUpdate(slow, small({ time: 200 })))
        },
      )
      await withServer(
        (_, response) => {
          const chunk = Buffer.alloc(1 << 20, 'x')
          const send = (): void => void (response.destroyed || response.write(chunk, () => setImmediate(send)))
          send()
        },
        async ({ url }) => {
          const endless = tool((version) => [`${url}/tool-${version}.tar.gz`], { indexes: [`${url}/`] })
          await rejects('E_INDEX_LIMIT', () => findUpdate(endless, world.session))
        },
      )
    }))

  test('a redirect to another host, to a file or nowhere is refused', () =>
    withWorld(async (world) => {
      world.site['/d/'] = page('tool-9.0.tar.gz')
      const targets = [
        `${world.url.replace('127.0.0.1', 'localhost')}/d/`,
        'file:///etc/passwd',
        'ftp://x.example/',
        'http://',
      ]
      for (const location of targets) {
        await withServer(
          (_, response) => response.writeHead(302, { location }).end(),
          async ({ url }) => {
            const current = tool((version) => [`${url}/tool-${version}.tar.gz`], { indexes: [`${url}/`] })
            await rejects('E_INDEX_REFUSED', () => findUpdate(current, world.session))
          },
        )
      }
    }))

  test.unless(missing('openssl'), 'a redirect from https to plain http is refused', () =>
    withWorld(async (world) =>
      withFolder(async (folder) => {
        const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
        const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
        const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
        run('openssl', 'req', ...kind, '-keyout', key, '-out', cert, ...names)
        const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
        world.site['/'] = page('tool-9.0.tar.gz')
        await withServer(
          (_, response) => response.writeHead(302, { location: `${world.url}/` }).end(),
          async ({ url }) => {
            const session = world.with({ fetch: fetchConfig({ http: quickClient({ ca: [tls.cert] }) }) })
            const current = tool((version) => [`${url}/tool-${version}.tar.gz`], { indexes: [`${url}/`] })
            const error = await rejects('E_INDEX_REFUSED', () => findUpdate(current, session))
            assert.match(error.message, 'from https to plain http')
            assert.equal(world.requests, [])
          },
          tls,
        )
      }),
    ),
  )

  test('an index that cannot be reached is told, and fatal only alone', () =>
    withWorld(async (world) => {
      const dead = `http://127.0.0.1:${await closedPort()}/`
      const told: string[] = []
      const session = world.with({ onUnusable: (name, index, error) => told.push(`${name} ${index} ${error.code}`) })
      await rejects('E_INDEX', () => findUpdate(listed(world, { indexes: [dead] }), session))
      world.site['/d/'] = page('tool-1.0.tar.gz', 'tool-1.1.tar.gz')
      world.site['/d/tool-1.1.tar.gz'] = tarball('1.1')
      const update = await findsUpdate(listed(world, { indexes: [dead, `${world.url}/d/`] }), session)
      assert.is(update.after, '1.1')
      assert.equal(told, [`tool ${dead} E_INDEX`, `tool ${dead} E_INDEX`])
      world.site['/d/'] = '<html>moved</html>'
      await rejects('E_INDEX', () => findUpdate(listed(world), world.with({})))
    }))

  test('offline nothing is asked', () =>
    withWorld(async (world) => {
      const { fetch } = world.session.config
      const session = world.with({ fetch: { ...fetch, offline: true } })
      await rejects('E_OFFLINE', () => findUpdate(listed(world), session))
      assert.equal(world.requests, [])
    }))
})

spec('tags', (test) => {
  test('of GitHub, with every usual form of a version, over several pages', () =>
    withWorld(async (world) => {
      const tags = [
        ...Array.from({ length: 100 }, (_, at) => `v0.${at}`),
        'v1.1',
        'tool-1.2',
        '1.3',
        'tool_1_5',
        'nightly',
        'v2.0-beta',
      ]
      const answer = (names: readonly string[]): string => JSON.stringify(names.map((name) => ({ name, commit: {} })))
      world.site['/repos/o/tool/tags?per_page=100&page=1'] = answer(tags.slice(0, 100))
      world.site['/repos/o/tool/tags?per_page=100&page=2'] = answer(tags.slice(100))
      world.site['/tool-1.3.tar.gz'] = tarball('1.3')
      world.site['/tool-1.5.tar.gz'] = tarball('1.5')
      const from = (version: string): string[] => [`${world.url}/tool-${version}.tar.gz`]
      const session = (): World['session'] => world.with({ hosts: { github: world.url, kernel: '' } })
      const indexes = ['github:o/tool']
      assert.is((await findsUpdate(tool(from, { indexes }), session())).after, '1.3')
      assert.is((await findsUpdate(tool(from, { indexes, pattern: 'tool_{version}' }), session())).after, '1.5')
    }))

  test('of GitLab, of a project in groups', () =>
    withWorld(async (world) => {
      world.site['/api/v4/projects/a%2Fb%2Ftool/repository/tags?per_page=100&page=1'] = JSON.stringify([
        { name: 'v1.1' },
      ])
      world.site['/tool-1.1.tar.gz'] = tarball('1.1')
      const indexes = [`gitlab:127.0.0.1:${world.port}/a/b/tool`]
      const update = await findsUpdate(
        tool((version) => [`${world.url}/tool-${version}.tar.gz`], { indexes }),
        world.session,
      )
      assert.is(update.after, '1.1')
    }))

  test('of another form, or without end, are left', () =>
    withWorld(async (world) => {
      const path = '/repos/o/tool/tags?per_page=100&page=1'
      const find = (limits = UPDATE_LIMITS): Promise<unknown> =>
        findUpdate(
          tool((version) => [`${world.url}/tool-${version}.tar.gz`], { indexes: ['github:o/tool'] }),
          world.with({ hosts: { github: world.url, kernel: '' }, limits }),
        )
      for (const text of ['{}', 'null', '[1]', '[{}]', '[{"name":1}]', 'html', '', '['.repeat(1 << 20)]) {
        world.site[path] = text
        await rejects('E_INDEX', () => find())
      }
      world.site[path] = JSON.stringify(Array.from({ length: 101 }, () => ({ name: 'x' })))
      await rejects('E_INDEX_LIMIT', () => find())
      world.site[path] = JSON.stringify(Array.from({ length: 100 }, () => ({ name: 'x' })))
      await rejects('E_INDEX_LIMIT', () => find({ ...UPDATE_LIMITS, pages: 1 }))
    }))
})

spec('kernel.org', (test) => {
  const releases = {
    latest_stable: { version: '6.18.1' },
    releases: [
      { moniker: 'mainline', version: '6.19-rc2' },
      { moniker: 'stable', version: '6.18.1' },
      { moniker: 'longterm', version: '6.12.60' },
      { moniker: 'linux-next', version: 'next-20251219' },
      { moniker: 'longterm' },
      7,
    ],
  }

  test('has the newest of each branch', () =>
    withWorld(async (world) => {
      world.site['/releases.json'] = JSON.stringify(releases)
      world.site['/tool-6.12.60.tar.gz'] = tarball('6.12.60')
      world.site['/tool-6.18.1.tar.gz'] = tarball('6.18.1')
      const find = async (range: string): Promise<string> => {
        const from = (version: string): string[] => [`${world.url}/tool-${version}.tar.gz`]
        const session = world.with({ hosts: { github: '', kernel: world.url } })
        return (await findsUpdate(tool(from, { indexes: ['kernel.org'], range }, { version: '6.12.38' }), session))
          .after
      }
      assert.is(await find('~6.12'), '6.12.60')
      assert.is(await find('^6'), '6.18.1')
      world.site['/releases.json'] = '{"releases":{}}'
      await rejects('E_INDEX', () => find('^6'))
    }))
})
