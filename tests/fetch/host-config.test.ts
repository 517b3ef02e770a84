import * as assert from 'uvu/assert'
import { type Host, readHostConfig } from '../../src/fetch/host-config.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

/** A machine with these files. */
function host(files: Readonly<Record<string, string>>, env: Host['env'] = {}, registry?: string): Host {
  return {
    env,
    home: '/home/me',
    cwd: '/home/someone/project/sub',
    readFile: async (path) => files[path],
    listFolder: async (folder) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    askNpm: async () => registry,
  }
}

const registryOf = async (machine: Host, scope?: string): Promise<string> =>
  (await readHostConfig(machine)).npm.registry(scope)

spec('host config: npm', (test) => {
  test('the environment wins over the project, that over the user, that over all', async () => {
    const files: Record<string, string> = {}
    const env: Record<string, string> = {}
    assert.is(await registryOf(host(files, env, 'https://asked.invalid/\n')), 'https://asked.invalid/')
    files['/usr/local/etc/npmrc'] = 'registry=https://global.invalid/'
    assert.is(await registryOf(host(files, env)), 'https://global.invalid/')
    files['/home/me/.npmrc'] = '; comment\nregistry = "https://user.invalid/"\n'
    assert.is(await registryOf(host(files, env)), 'https://user.invalid/')
    files['/home/someone/project/package.json'] = '{}'
    files['/home/someone/project/.npmrc'] = 'registry=https://project.invalid/ ; why'
    assert.is(await registryOf(host(files, env)), 'https://project.invalid/')
    env.NPM_CONFIG_REGISTRY = 'https://env.invalid/'
    assert.is(await registryOf(host(files, env)), 'https://env.invalid/')
  })

  test('other files can be named, and scopes have registries of their own', async () => {
    const files = {
      '/etc/own.rc': '@s:registry=https://scope.invalid/\nregistry=https://$' + '{NAME}.invalid/$' + '{GONE?}',
      '/opt/node/etc/npmrc': 'registry=https://prefix.invalid',
    }
    const env = { npm_config_userconfig: '/etc/own.rc', NAME: 'expanded', npm_config_prefix: '/opt/node' }
    assert.is(await registryOf(host(files, env)), 'https://expanded.invalid/')
    assert.is(await registryOf(host(files, env), '@s'), 'https://scope.invalid/')
    assert.is(await registryOf(host(files, env), '@t'), 'https://expanded.invalid/')
    assert.is(await registryOf(host(files, { npm_config_prefix: '/opt/node' })), 'https://prefix.invalid')
  })

  test('without any registry the error says where to look', async () => {
    const error = await rejects('E_FETCH', () => registryOf(host({})))
    assert.match(error.hint, 'npm config get registry')
    await rejects('E_FETCH', () => registryOf(host({}, {}, 'undefined')))
  })

  test('credentials are found by host and path', async () => {
    const npmrc = [
      '//a.invalid/:_authToken=$' + '{TOKEN}',
      '//a.invalid/deep/path/:_authToken=deep',
      '//b.invalid:8080/:_auth=dTpw',
      '//c.invalid/:username=me',
      `//c.invalid/:_password=${Buffer.from('pass').toString('base64')}`,
      '_authToken=for-nobody',
    ]
    const { npm } = await readHostConfig(host({ '/home/me/.npmrc': npmrc.join('\n') }, { TOKEN: 't' }))
    const authorization = (url: string): string | undefined => npm.authorization(new URL(url))
    assert.is(authorization('https://a.invalid/p/-/p-1.tgz'), 'Bearer t')
    assert.is(authorization('https://a.invalid/deep/path/p'), 'Bearer deep')
    assert.is(authorization('https://a.invalid/deep/pathology'), 'Bearer t')
    assert.is(authorization('https://b.invalid:8080/p'), 'Basic dTpw')
    assert.is(authorization('https://b.invalid/p'), undefined)
    assert.is(authorization('https://c.invalid/p'), `Basic ${Buffer.from('me:pass').toString('base64')}`)
    assert.is(authorization('https://a.invalid.evil/p'), undefined)
    assert.is(authorization('https://other.invalid/'), undefined)
  })
})

spec('host config: proxies and certificates', (test) => {
  test('the usual variables, else what npm is told', async () => {
    const npmrc = { '/home/me/.npmrc': 'proxy=http://npm.invalid:1\nnoproxy=a,b\n' }
    assert.equal((await readHostConfig(host({}))).proxies, { none: '' })
    const http = 'http://npm.invalid:1'
    assert.equal((await readHostConfig(host(npmrc))).proxies, { http, https: http, none: 'a,b' })
    const env = { HTTPS_PROXY: 'http://s.invalid', http_proxy: 'http://h.invalid', no_proxy: 'localhost' }
    const expected = { http: 'http://h.invalid', https: 'http://s.invalid', none: 'localhost' }
    assert.equal((await readHostConfig(host(npmrc, env))).proxies, expected)
  })

  test('certificates of npm are added to those of Node', async () => {
    assert.is((await readHostConfig(host({}))).ca, undefined)
    const { ca } = await readHostConfig(host({ '/ca.pem': 'PEM' }, { npm_config_cafile: '/ca.pem' }))
    assert.is(ca?.at(-1), 'PEM')
    assert.ok((ca?.length ?? 0) > 10)
  })
})

spec('host config: apt', (test) => {
  const mirrors = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    (await readHostConfig(host(files))).debianMirrors()

  test('both forms, in order, Debian-like archives first and security last', async () => {
    const list = `
# deb http://commented.invalid/debian trixie main
deb [arch=amd64 signed-by=/a b] http://tool.invalid/apt stable main
deb-src http://first.invalid/debian/ trixie main contrib # why
deb http://first.invalid/debian/ trixie main
deb http://flat.invalid/debian ./
deb http://free.invalid/debian trixie contrib
deb cdrom:[Debian]/ trixie main
`
    const sources = `Types: deb
# a comment
URIs: https://second.invalid/debian
 file:/srv/debian%20copy
Suites: trixie
Components: main
 contrib

Enabled: no
Types: deb
URIs: https://off.invalid/debian
Suites: trixie
Components: main

Types: deb
URIs: http://first.invalid/debian-security
Suites: trixie-security
Components: main
`
    const files = { '/etc/apt/sources.list': list, '/etc/apt/sources.list.d/b.sources': sources }
    assert.equal(await mirrors(files), [
      'http://first.invalid/debian/',
      'https://second.invalid/debian',
      '/srv/debian copy',
      'http://tool.invalid/apt',
    ])
    assert.equal(await mirrors({ '/etc/apt/sources.list.d/b.sources': sources }), [
      'https://second.invalid/debian',
      '/srv/debian copy',
      'http://first.invalid/debian-security',
    ])
  })

  test('archives have suites and keys; those that do not look like Debian’s are left out', async () => {
    const files = {
      '/etc/apt/sources.list': `deb [signed-by=/k/one.gpg arch=amd64] http://first.invalid/debian/ trixie main
deb-src http://first.invalid/debian trixie-updates main
deb http://flat.invalid/debian ./
deb [signed-by=/k/tool.gpg] http://tool.invalid/apt stable main
`,
      '/etc/apt/sources.list.d/b.sources': `URIs: http://first.invalid/debian-security
Suites: trixie-security
Components: main
Signed-By: /k/two.gpg, /k/three.asc
`,
      '/etc/apt/trusted.gpg.d/own.asc': '',
      '/etc/apt/trusted.gpg.d/note.txt': '',
    }
    const common = [
      '/etc/apt/trusted.gpg',
      '/etc/apt/trusted.gpg.d/own.asc',
      '/usr/share/keyrings/debian-archive-keyring.gpg',
    ]
    assert.equal(await (await readHostConfig(host(files))).debianArchives(), [
      {
        base: 'http://first.invalid/debian',
        suites: ['trixie', 'trixie-updates'],
        keyFiles: ['/k/one.gpg', ...common],
      },
      {
        base: 'http://first.invalid/debian-security',
        suites: ['trixie-security'],
        keyFiles: ['/k/two.gpg', '/k/three.asc'],
      },
    ])
  })

  test('a machine without apt has none', async () => {
    assert.equal(await mirrors({}), [])
  })
})
