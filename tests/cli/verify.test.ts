import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as assert from 'uvu/assert'
import type { VerifyReport } from '../../src/verify/report.ts'
import { type FixturePackage, missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { mrrl, ROOT, type RunOptions, type RunResult } from '../support/mrrl.ts'
import { processesWith, untilGone } from '../support/sandbox.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, withFolder } from '../support/tools.ts'

const hello = { install: 'mkdir -p "$OUT/etc"; echo hello > "$OUT/etc/hello"' }
const host = { install: 'mkdir -p "$OUT/etc"; echo "on $(hostname)" > "$OUT/etc/host"' }

/** A project with a fixture, and `mrrl` in it. */
interface Project {
  readonly folder: string
  readonly run: (args: readonly string[], options?: Partial<RunOptions>) => RunResult
}

async function inProject(
  packages: Readonly<Record<string, FixturePackage>>,
  body: (project: Project) => unknown,
): Promise<void> {
  await withFolder(async (folder) => {
    writeFixture(folder, packages)
    const run: Project['run'] = (args, options = {}) =>
      mrrl([...args, '--recipes', '.'], { cwd: folder, home: join(folder, 'home'), ...options })
    const locked = run(['lock', 'test', '--quiet'])
    assert.is(locked.status, 0, locked.stderr)
    await body({ folder, run })
  })
}

function reportOf({ stdout }: RunResult): VerifyReport {
  return JSON.parse(stdout).profiles[0]
}

/** What is left of rounds in the store. */
function leftovers({ folder }: Project): string[] {
  return readdirSync(join(folder, 'home/store-v1/tmp'))
}

spec('mrrl verify', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'says that all is as locked, and what was varied', () =>
    inProject({ hello }, (project) => {
      const result = project.run(['verify', 'test', '--json'])
      assert.is(result.status, 0, result.stderr)
      const { verdict, rounds, skipped, packages, images } = reportOf(result)
      assert.is(verdict, 'same')
      assert.is(rounds.length, 2)
      const varied = rounds[0]?.conditions.map(({ variation }) => variation) ?? []
      assert.is(varied.length + skipped.length, 18)
      assert.ok(skipped.every(({ why }) => why !== ''))
      assert.equal(
        packages.map((one) => [one.name, one.verdict]),
        [
          ['busybox-tools', 'not rebuilt'],
          ['hello', 'same'],
        ],
      )
      assert.equal(
        images.map((one) => [one.name, one.verdict]),
        [
          ['rootfs.tar.xz', 'same'],
          ['rootfs.squashfs', 'same'],
        ],
      )
      assert.equal(leftovers(project), [])
    }),
  )

  test.unless(unbuildable, 'names package, file, values, cause and advice for people', () =>
    inProject({ hello, host }, (project) => {
      const { status, stdout, stderr } = project.run(['verify', 'test', '--vary', 'host-name,umask'])
      assert.is(status, 8, stderr)
      assert.match(stdout, /hello 1\.0 +as locked/)
      assert.match(stdout, /rootfs\.squashfs +differs because host does/)
      assert.match(stdout, 'host differs, when host-name is varied')
      assert.match(stdout, 'host name: it differs when nothing but host-name is varied: verify-first')
      assert.match(stdout, /\/etc\/host\n +line 1: on mrrl → on verify-first/)
      assert.match(stdout, /→ Keep the name of the machine out/)
      assert.match(stdout, /E_NOT_REPRODUCIBLE {2}3 of test came out differently/)
      assert.match(stderr, 'round 2: host-name: verify-second.example, umask: 002')
    }),
  )

  test.unless(unbuildable, 'builds what is needed first where nothing has been built yet', () =>
    inProject({ hello }, (project) => {
      const home = join(project.folder, 'new-home')
      const result = project.run(['verify', 'test', '--vary', 'none', '--json'], { home })
      assert.is(result.status, 0, result.stderr)
      assert.is(reportOf(result).verdict, 'same')
    }),
  )

  test.unless(unbuildable, 'explains what differs from a lock whose bits are not here', () =>
    inProject(
      { host, random: { install: 'mkdir "$OUT/etc"; printf %04x%04x $RANDOM $RANDOM > "$OUT/etc/random"' } },
      (project) => {
        const home = join(project.folder, 'new-home')
        const result = project.run(['verify', 'test', '--vary', 'host-name', '--json'], { home })
        assert.is(result.status, 8, result.stderr)
        const found = reportOf(result).packages.filter(({ verdict }) => verdict === 'different')
        assert.equal(
          found.map(({ name, guilty, causes }) => [name, guilty, causes.map((cause) => cause.name)]),
          [
            ['host', ['host-name'], ['host name']],
            ['random', ['nothing'], ['randomness']],
          ],
        )
      },
    ),
  )

  test.unless(unbuildable, 'compares two rebuilds where the lock records nothing', () =>
    inProject({ hello, host }, (project) => {
      writePackage(project.folder, 'hello', { install: `${hello.install}; echo more > "$OUT/etc/more"` })
      writePackage(project.folder, 'host', { install: `${host.install}; echo more > "$OUT/etc/host2"` })
      assert.is(project.run(['lock', 'test', '--sources-only', '--quiet']).status, 0)
      const result = project.run(['verify', 'test', '--vary', 'host-name', '--json'])
      assert.is(result.status, 8, result.stderr)
      const { packages } = reportOf(result)
      assert.equal(
        packages.map(({ name, verdict }) => [name, verdict]),
        [
          ['busybox-tools', 'not rebuilt'],
          ['hello', 'agrees'],
          ['host', 'different'],
        ],
      )
      assert.equal(packages[2]?.guilty, ['host-name'])
    }),
  )

  test.unless(unbuildable, 'rebuilds as far down as it is told', () =>
    inProject({ hello }, (project) => {
      const names = (depth: string): string[] => {
        const result = project.run(['verify', 'test', '--depth', depth, '--vary', 'none', '--json'])
        assert.is(result.status, 0, result.stderr)
        const { packages } = reportOf(result)
        return packages.filter(({ verdict }) => verdict === 'same').map(({ name }) => name)
      }
      assert.equal(names('image'), [])
      const { stderr } = project.run(['verify', 'test', '--depth', 'image', '--vary', 'none'])
      assert.match(stderr, 'writing squashfs')
      assert.not.match(stderr, 'hello: building')
      assert.equal(names('packages'), ['hello'])
      assert.equal(names('seed'), ['busybox-tools', 'hello'])
    }),
  )

  test.unless(unbuildable, 'leaves the trees of both sides in the folder that it is given', () =>
    inProject({ hello, host }, (project) => {
      const args = ['verify', 'test', '--vary', 'host-name', '--keep', 'kept', '--quiet']
      assert.is(project.run(args).status, 8)
      const text = (side: string): string => readFileSync(join(project.folder, 'kept/host', side, 'etc/host'), 'utf8')
      assert.is(text('locked'), 'on mrrl\n')
      assert.is(text('round-1'), 'on verify-first\n')
      assert.is(text('round-2'), 'on verify-second.example\n')
      assert.not(existsSync(join(project.folder, 'kept/hello')))
      const again = project.run(args)
      assert.is(again.status, 1)
      assert.match(again.stderr, 'E_TARGET')
    }),
  )

  test.unless(unbuildable, 'refuses a lock that is stale, dirty or missing, and builds nothing', () =>
    inProject({ hello }, (project) => {
      const path = join(project.folder, 'locks/test.lock.json')
      const text = readFileSync(path, 'utf8')
      const fails = (code: string): void => {
        const result = project.run(['verify', 'test', '--json'])
        assert.is(result.status, 3, result.stdout)
        assert.is(JSON.parse(result.stdout).error.code, code)
      }
      writeFileSync(path, text.replace('"license": "MIT"', '"license": "BSD"'))
      fails('E_LOCK_INVALID')
      writeFileSync(path, text)
      writePackage(project.folder, 'hello', { install: `${hello.install}; echo more > "$OUT/etc/more"` })
      fails('E_LOCK_STALE')
      cpSync(path, `${path}.old`)
      writeFileSync(path, '')
      fails('E_LOCK_INVALID')
    }),
  )

  test.unless(unbuildable, 'tells a build that fails only when something is varied', () => {
    const install = 'mkdir "$OUT/etc"; [ "$(hostname)" = mrrl ] || { echo "who is this?"; exit 1; }'
    return inProject({ picky: { install } }, (project) => {
      const result = project.run(['verify', 'test', '--vary', 'host-name', '--json'])
      assert.is(result.status, 6, result.stdout)
      const { error } = JSON.parse(result.stdout)
      assert.is(error.code, 'E_BUILD_FAILED')
      assert.equal(error.fields.conditions, ['host-name: verify-first'])
      assert.match(error.fields.lastLines.join('\n'), 'who is this?')
      assert.equal(
        leftovers(project).filter((name) => name.startsWith('verify')),
        [],
      )
    })
  })

  for (const round of [1, 2]) {
    const unable = unbuildable ?? missing('setpriv')
    test.unless(unable, `interrupted in round ${round}, it leaves no process, no store and no mount behind`, () => {
      const pause = `4.${process.pid}${round}`
      return inProject({ slow: { install: `mkdir "$OUT/etc"; sleep ${pause}` } }, async (project) => {
        const child = startVerify(project)
        await seen(child, `round ${round}`, 'slow: building')
        while (processesWith(`sleep ${pause}`.replace(' ', '\0')).length === 0) await delay(50)
        child.kill('SIGINT')
        const [status] = await once(child, 'close')
        assert.is(status, 130)
        await untilGone(pause)
        assert.equal(leftovers(project), [])
        assert.equal(
          readdirSync(tmpdir()).filter((name) => name.startsWith(`mrrl.verify-${child.pid}-`)),
          [],
        )
        assert.not.match(readFileSync('/proc/self/mounts', 'utf8'), project.folder)
      })
    })
  }

  test.unless(unbuildable, 'when it is killed its rounds end, and the next run removes what they left', () => {
    const pause = `5.${process.pid}`
    return inProject({ slow: { install: `mkdir "$OUT/etc"; sleep ${pause}` } }, async (project) => {
      const child = startVerify(project)
      await seen(child, 'round 2', 'slow: building')
      child.kill('SIGKILL')
      await once(child, 'close')
      await untilGone(pause)
      const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`mrrl.verify-${child.pid}-`))
      writePackage(project.folder, 'slow', { install: 'mkdir "$OUT/etc"' })
      assert.is(project.run(['lock', 'test', '--quiet']).status, 0)
      assert.is(project.run(['verify', 'test', '--depth', 'image', '--vary', 'none', '--quiet']).status, 0)
      assert.equal(left(), [])
      assert.equal(leftovers(project), [])
    })
  })

  test.unless(unbuildable ?? missingRoot(), 'says so when there is no space left', () =>
    inProject({ big: { install: 'head -c 6000000 /dev/urandom > "$OUT/big"' } }, (project) => {
      const home = join(project.folder, 'small')
      mkdirSync(home)
      const prepare = 'mount -t tmpfs -o size=24m small "$0" && cp -a "$1/." "$0" && exec "$@"'
      const script = prepare.replace('exec "$@"', 'shift && exec "$@"')
      const prefix = ['unshare', '--mount', 'sh', '-c', script, home, join(project.folder, 'home')]
      const result = project.run(['verify', 'test', '--vary', 'none', '--json'], { home, prefix })
      const { error } = JSON.parse(result.stdout)
      assert.ok(['E_STORE_FULL', 'E_BUILD_FAILED'].includes(error.code), result.stdout)
      assert.is(result.status, error.code === 'E_STORE_FULL' ? 10 : 6)
    }),
  )

  test.unless(unbuildable, 'compares an image that was handed over with the one of the lock', () =>
    inProject({ hello }, (project) => {
      cpSync(join(project.folder, 'images/test'), join(project.folder, 'good'), { recursive: true })
      const path = join(project.folder, 'locks/test.lock.json')
      const locked = readFileSync(path)
      writePackage(project.folder, 'hello', { install: hello.install.replace('echo hello', 'echo goodbye') })
      assert.is(project.run(['lock', 'test', '--quiet']).status, 0)
      cpSync(join(project.folder, 'images/test'), join(project.folder, 'bad'), { recursive: true })
      writePackage(project.folder, 'hello', hello)
      writeFileSync(path, locked)

      for (const image of ['rootfs.squashfs', 'rootfs.tar.xz']) {
        const verify = (folder: string): RunResult =>
          project.run([
            'verify',
            'test',
            '--depth',
            'image',
            '--vary',
            'none',
            '--image',
            `${folder}/${image}`,
            '--json',
          ])
        const good = verify('good')
        assert.is(good.status, 0, good.stderr)
        assert.is(reportOf(good).handed?.verdict, 'same')
        const bad = verify('bad')
        assert.is(bad.status, 8, bad.stderr)
        const { handed, verdict } = reportOf(bad)
        assert.is(verdict, 'different')
        assert.is(handed?.image, image)
        assert.equal(
          handed?.differences.map((one) => [one.path, one.where.kind]),
          [['etc/hello', 'text']],
        )
      }
      const both = project.run(['verify', '--image', 'good/rootfs.squashfs', '--against', 'bad/rootfs.squashfs'])
      assert.is(both.status, 1)
      assert.match(both.stdout, '+goodbye')
      const same = project.run(['verify', '--image', 'good/rootfs.squashfs', '--against', 'good/rootfs.squashfs'])
      assert.is(same.status, 0)
    }),
  )

  test.unless(unbuildable, 'refuses a command line that makes no sense before it builds anything', () =>
    inProject({ hello }, (project) => {
      const code = (...args: string[]): string => {
        const result = project.run(['verify', ...args, '--json'])
        return JSON.parse(result.stdout).error.code
      }
      assert.is(code('test', '--vary', 'weather'), 'E_USAGE')
      assert.is(code('test', '--depth', 'bottom'), 'E_USAGE')
      assert.is(code('--against', 'a'), 'E_USAGE')
      assert.is(code('--image', 'a', 'test', 'other'), 'E_USAGE')
      assert.is(code('test', '--image', 'nowhere.squashfs'), 'E_SOURCE')
      assert.is(code('test', '--image', 'images'), 'E_SOURCE')
      assert.is(code('unknown'), 'E_PROFILE_UNKNOWN')
    }),
  )
})

function startVerify({ folder }: Project): ChildProcess {
  return spawn(process.execPath, [resolve(ROOT, 'bin/mrrl.js'), 'verify', 'test', '--recipes', '.'], {
    cwd: folder,
    env: { ...process.env, MRRL_HOME: join(folder, 'home') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Resolves when a process has said one thing after the other. */
async function seen(child: ChildProcess, ...texts: readonly string[]): Promise<void> {
  let output = ''
  await new Promise<void>((done, fail) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      let at = 0
      for (const wanted of texts) at = at < 0 ? at : output.indexOf(wanted, at)
      if (at >= 0) done()
    })
    child.once('close', () => fail(new Error(`ended without ${texts}: ${output}`)))
  })
}

function delay(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
