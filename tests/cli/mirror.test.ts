import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { mrrlBeside } from '../support/children.ts'
import { missingFixture } from '../support/fixture.ts'
import { withServer } from '../support/http-server.ts'
import { writeMirrorProject } from '../support/mirror-project.ts'
import { mrrl, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { withCertificate } from '../support/tls.ts'
import { missing, run } from '../support/tools.ts'

const unbuildable = missingFixture()

/** One project for all tests of this file, which build upon each other. */
const cwd = mkdtempSync(join(tmpdir(), 'mrrl-mirror-'))
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))

/** Runs with a store of its own by name; nothing of this reaches a network. */
const call = (home: string, ...args: string[]): RunResult =>
  mrrl(args, { cwd, home: join(cwd, home), env: { npm_config_registry: 'http://127.0.0.1:9/', no_proxy: '*' } })

spec('mrrl fetch', (test) => {
  test.unless(unbuildable, 'without a lock says so, and writes no store', () => {
    const { status, stderr } = call('none', 'fetch', 'test')
    assert.is(status, 3)
    assert.match(stderr, /^E_LOCK_MISSING .*\n.*\n {2}Write it with: mrrl lock test\n$/m)
    assert.not.ok(existsSync(join(cwd, 'none/store-v1')))
  })

  test.unless(unbuildable, 'brings all sources of all locks of the project into the store', () => {
    writeMirrorProject(cwd)
    const { status, stdout, stderr } = call('fetched', 'fetch', '--offline', '--mirror', 'upstream')
    assert.equal([status, stderr], [0, ''])
    assert.match(stdout, /^one\.tar +\d+ kB +\/.*\/upstream\/one\.tar$/m)
    assert.match(stdout, /^3 files in the store, \d+ kB, 3 fetched, [\d.]+s$/m)
    const again = call('fetched', 'fetch', 'test', '--offline', '--json')
    const report = JSON.parse(again.stdout)
    assert.equal(report.profiles, ['test'])
    assert.equal(
      report.files.map(({ names, state }: { names: string[]; state: string }) => [names[0], state]),
      [
        ['seed.tar', 'there'],
        ['one.tar', 'there'],
        ['two-1.0.0.tgz', 'there'],
      ],
    )
    assert.equal(report.files[1].neededBy, [{ profile: 'test', package: 'one', version: '1.0', license: 'MIT' }])
  })

  test.unless(unbuildable, 'names all that cannot be had, after everything else is there', () => {
    const { status, stderr } = call('partly', 'fetch', '--offline')
    assert.is(status, 5)
    assert.match(stderr, /^E_OFFLINE {2}2 of 3 sources could not be fetched$/m)
    assert.match(stderr, /E_OFFLINE one\.tar .*: https:\/\/upstream\.invalid\/one\.tar: not tried offline$/m)
    const { stdout } = call('partly', 'fetch', '--offline', '--mirror', 'upstream')
    assert.match(stdout, /2 fetched, 1 there already/)
  })

  test.unless(unbuildable, 'tells which place had another file, also during a build', () => {
    const folder = join(cwd, 'wrong')
    run('cp', '-r', join(cwd, 'upstream'), folder)
    writeFileSync(join(folder, 'one.tar'), 'another file')
    const places = ['--mirror', 'wrong', '--mirror', 'upstream', '--offline']
    const line =
      /^.*one\.tar: E_INTEGRITY one\.tar is not what the lock says: .*wrong\/one\.tar; trying the next place$/m
    const { status, stderr, stdout } = call('refused', 'fetch', ...places)
    assert.is(status, 0)
    assert.match(stderr, line)
    assert.match(stdout, /, 1 refused,/)
    const report = JSON.parse(call('refused-json', 'fetch', ...places, '--json').stdout)
    assert.equal([report.refused.length, report.refused[0].code], [1, 'E_INTEGRITY'])
    const built = call('refused-build', 'build', 'test', '--recipes', '.', ...places)
    assert.is(built.status, 0)
    assert.match(built.stderr, /one: E_INTEGRITY one\.tar is not what the lock says: .*; trying the next place$/m)
  })
})

spec('mrrl with a server', (test) => {
  test.unless(unbuildable, 'builds from a mirror behind a static web server', () => {
    assert.is(call('static', 'mirror', 'static-mirror', '--offline', '--mirror', 'upstream').status, 0)
    const serving: RequestListener = (request, response) => {
      const path = join(cwd, 'static-mirror', request.url ?? '')
      if (!existsSync(path)) return void response.writeHead(404).end()
      response.end(readFileSync(path))
    }
    return withServer(serving, async ({ url, requests }) => {
      const args = ['build', 'test', '--recipes', '.', '--mirror', url]
      const { status, stdout, stderr } = await mrrlBeside(args, { cwd, home: join(cwd, 'served') })
      assert.is(status, 0, stderr)
      assert.match(stdout, /as locked/)
      assert.ok(requests.every((line) => /^GET \/sha(256|512)\/[0-9a-f]+$/.test(line)))
    })
  })

  test.unless(unbuildable ?? missing('openssl'), 'follows no redirect from https to http or to a file', () =>
    withCertificate(async (tls) => {
      writeFileSync(join(cwd, 'ca.pem'), tls.cert)
      for (const target of ['http://127.0.0.1:9/one.tar', `file://${cwd}/upstream/one.tar`]) {
        const redirecting: RequestListener = (_request, response) =>
          void response.writeHead(302, { location: target }).end()
        await withServer(
          redirecting,
          async ({ url }) => {
            const options = { cwd, home: join(cwd, 'redirected'), env: { npm_config_cafile: join(cwd, 'ca.pem') } }
            const { status, stdout } = await mrrlBeside(['fetch', 'test', '--mirror', url, '--json'], options)
            assert.is(status, 5)
            const places = JSON.parse(stdout).error.fields.failed.join('\n')
            assert.match(places, new RegExp(`${url}/one.tar: a redirect leads (from https to plain http|to file:)`))
          },
          tls,
        )
      }
    }),
  )
})

spec('mrrl mirror', (test) => {
  test.unless(unbuildable, 'writes a mirror, its bundle, and says what it did', () => {
    const args = ['mirror', 'mirror', 'test', '--offline', '--mirror', 'upstream', '--bundle', 'sources.tar.zst']
    const { status, stdout, stderr } = call('mirror-home', ...args)
    assert.equal([status, stderr], [0, ''])
    assert.match(stdout, /^3 files in mirror, \d+ kB, 3 fetched, [\d.]+s\nsources\.tar\.zst {2}[\d ]+ B$/m)
    assert.match(call('mirror-home', 'mirror', 'mirror').stdout, /^3 files in mirror, \d+ kB, 3 there already, /)
  })

  test.unless(unbuildable, 'names no folder and no machine of its maker, but as the lock does', () => {
    const mirror = join(cwd, 'mirror')
    const index = readFileSync(join(mirror, 'index.json'), 'utf8')
    const names = readdirSync(mirror, { recursive: true, encoding: 'utf8' }).join('\n')
    const locked = `file:${join(cwd, 'seed.tar')}`
    for (const word of [cwd, hostname()]) assert.not.ok(`${index.replaceAll(locked, '')}${names}`.includes(word), word)
  })

  test.unless(unbuildable, 'has everything that a build needs, the seed included, as a folder and as a bundle', () => {
    run('mv', join(cwd, 'seed.tar'), join(cwd, 'moved-seed.tar'))
    for (const place of ['mirror', 'sources.tar.zst']) {
      const args = ['build', 'test', '--recipes', '.', '--offline', '--mirror', place, '--json']
      const { status, stdout } = call(`cold-${place}`, ...args)
      assert.is(status, 0, stdout)
      const report = JSON.parse(stdout)
      assert.ok(report.steps.every(({ cached }: { cached: boolean }) => !cached))
      assert.ok(report.images.every(({ locked }: { locked: string }) => locked === 'same'))
    }
    const lacking = call('cold-nothing', 'build', 'test', '--recipes', '.', '--offline')
    assert.is(lacking.status, 5)
    run('mv', join(cwd, 'moved-seed.tar'), join(cwd, 'seed.tar'))
  })

  test.unless(unbuildable, 'refuses a folder that is something else, and a bundle with another name', () => {
    assert.match(
      call('mirror-home', 'mirror', 'upstream').stderr,
      /^E_TARGET .* is no mirror: it has one, and no index/,
    )
    const { status, stderr } = call('mirror-home', 'mirror', 'mirror', '--bundle', 'sources.zip')
    assert.is(status, 2)
    assert.match(stderr, /does not end in \.tar\.zst/)
    assert.is(call('mirror-home', 'mirror').status, 2)
  })

  test.unless(unbuildable, 'verify names what is wrong and ends with 4, and mirror mends it', () => {
    const whole = call('mirror-home', 'mirror', 'verify', 'mirror')
    assert.equal([whole.status, whole.stderr], [0, ''])
    assert.match(whole.stdout, /^3 files, \d+ kB, all as they should be$/m)
    const index = JSON.parse(readFileSync(join(cwd, 'mirror/index.json'), 'utf8'))
    const path = index.files.find(({ names }: { names: string[] }) => names[0] === 'one.tar').path
    writeFileSync(join(cwd, 'mirror', path), 'another file')
    const { status, stdout, stderr } = call('mirror-home', 'mirror', 'verify', 'mirror')
    assert.is(status, 4)
    assert.match(stdout, /^3 files, \d+ kB, 1 wrong$/m)
    assert.match(stderr, new RegExp(`^truncated  one\\.tar \\(${path}\\)  found: 12 of \\d+ bytes$`, 'm'))
    const report = JSON.parse(call('mirror-home', 'mirror', 'verify', 'mirror', '--json').stdout)
    assert.equal(
      report.problems.map(({ kind }: { kind: string }) => kind),
      ['truncated'],
    )
    assert.match(call('fetched', 'mirror', 'mirror').stdout, /1 from the store, 2 there already/)
    assert.is(call('mirror-home', 'mirror', 'verify', 'mirror').status, 0)
    assert.match(call('mirror-home', 'mirror', 'verify', 'upstream').stderr, /^E_MIRROR .* has no index\.json/)
  })

  test.unless(unbuildable, 'verify shows no control characters that somebody put into a name', () => {
    writeFileSync(join(cwd, 'mirror/\x1b[31mred\n'), '')
    const { stderr } = call('mirror-home', 'mirror', 'verify', 'mirror')
    rmSync(join(cwd, 'mirror/\x1b[31mred\n'))
    assert.match(stderr, /^unknown {2}red {2}found: a name that no mirror has\n$/)
  })
})
