import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { mrrl, ROOT, type RunResult } from '../support/mrrl.ts'
import { processesWith, untilGone } from '../support/sandbox.ts'
import { spec } from '../support/spec.ts'
import { missing } from '../support/tools.ts'

const ESCAPE = '\x1b'
const unbuildable = missingFixture()
const one = { install: 'mkdir -p "$OUT/etc"; echo one for the test > "$OUT/etc/one"' }

/** One project for all tests of this file, which build upon each other. */
const cwd = mkdtempSync(join(tmpdir(), 'mrrl-cli-'))
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))

const run = (args: readonly string[], env: Record<string, string> = {}): RunResult =>
  mrrl([...args, '--recipes', '.'], { cwd, home: join(cwd, 'home'), env })

/** Puts the one package right again after a test that broke it. */
const restore = (): void => writePackage(cwd, 'one', one)

spec('mrrl build', (test) => {
  test.unless(unbuildable, 'without a lock says how to write it', () => {
    writeFixture(cwd, { one })
    const { status, stderr } = run(['build', 'test'])
    assert.is(status, 3)
    assert.match(stderr, /^E_LOCK_MISSING .*\n.*\n {2}Write it with: mrrl lock test\n$/m)
  })

  test.unless(unbuildable, 'works after mrrl lock, which says what is new', () => {
    const { status, stdout, stderr } = run(['lock', 'test'])
    assert.is(status, 0, stderr)
    assert.match(stdout, /^images\/test\/rootfs\.tar\.xz +[\d ]+ B {2}sha256:[0-9a-f]{64} {2}not locked before$/m)
    assert.match(stdout, /^locks\/test\.lock\.json\n {2}the lock is new$/m)
    assert.match(stderr, /^ +[\d.]+s {2}one: built in [\d.]+s \(2 of 2\)$/m)
  })

  test.unless(unbuildable, 'shows files, sizes, hashes and times', () => {
    const { status, stdout } = run(['build', 'test'])
    assert.is(status, 0)
    assert.match(stdout, /^images\/test\/rootfs\.squashfs +[\d ]+ B {2}sha256:[0-9a-f]{64} {2}as locked$/m)
    assert.match(stdout, /^2 steps, all from the store, [\d.]+m?s$/m)
    assert.not.ok(stdout.includes(ESCAPE))
  })

  test.unless(unbuildable, 'prints one JSON document when asked to', () => {
    const { status, stdout, stderr } = run(['build', 'test', '--json'])
    assert.equal([status, stderr], [0, ''])
    const report = JSON.parse(stdout)
    assert.is(report.images[0].locked, 'same')
    assert.equal(
      report.steps.map((step: { name: string; cached: boolean }) => [step.name, step.cached]),
      [
        ['busybox-tools', true],
        ['one', true],
      ],
    )
    assert.ok(report.time.start > 0 && report.time.rest >= 0)
  })

  test.unless(unbuildable, 'prints nothing when it is to be quiet', () => {
    assert.equal(run(['build', 'test', '--quiet']), { status: 0, stdout: '', stderr: '' })
  })

  test.unless(unbuildable, 'has colours only where they are wanted', () => {
    const coloured = { FORCE_COLOR: '1', NO_COLOR: '' }
    assert.ok(run(['build', 'test'], coloured).stdout.includes(`${ESCAPE}[32mas locked`))
    assert.not.ok(run(['build', 'test', '--no-color'], coloured).stdout.includes(ESCAPE))
  })

  test.unless(unbuildable, 'refuses a lock that was changed by hand', () => {
    const path = join(cwd, 'locks/test.lock.json')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"epoch": 1', '"epoch": 2'))
    const { status, stderr } = run(['build', 'test'])
    writeFileSync(path, text)
    assert.is(status, 3)
    assert.match(stderr, /^E_LOCK_INVALID {2}locks\/test\.lock\.json was changed by hand/)
  })

  test.unless(unbuildable, 'refuses a stale lock and names what changed', () => {
    writePackage(cwd, 'one', { install: `${one.install}; echo more >> "$OUT/etc/one"` })
    const { status, stdout, stderr } = run(['build', 'test', '--json'])
    assert.equal([status, stderr], [3, ''])
    const { error } = JSON.parse(stdout)
    assert.equal([error.code, error.exit, error.fields.changes], ['E_LOCK_STALE', 3, ['recipe one changed']])
    const shown = run(['build', 'test']).stderr
    assert.match(shown, /Accept the changes with: mrrl lock test\n$/)
    const locked = run(['lock', 'test'])
    assert.match(locked.stdout, /^ {2}recipe one changed\n {2}output of one\n {2}image rootfs/m)
  })

  test.unless(unbuildable, 'is not needed to pin sources', () => {
    const { status, stdout } = run(['lock', 'test', '--sources-only'])
    assert.equal([status, stdout], [0, 'locks/test.lock.json\n  nothing has changed\n'])
  })

  test.unless(unbuildable, 'shows the end of the log of a step that fails, and how to go on', () => {
    writePackage(cwd, 'one', { install: 'seq 1 100; echo last words; exit 3' })
    const { status, stdout, stderr } = run(['lock', 'test'])
    assert.equal([status, stdout], [6, ''])
    assert.match(stderr, /^E_BUILD_FAILED {2}the build of one failed with status 3$/m)
    assert.match(stderr, /^ {2}package {2}one\n {2}log {6}\/.*\/failed\/.*\/log$/m)
    assert.match(stderr, /^ {2}\| 100\n {2}\| last words$/m)
    assert.match(stderr, /Enter the step as it was with: mrrl shell test one\n$/)
    assert.match(run(['log', 'test', 'one']).stdout, /^last words$/m)
  })

  test.unless(unbuildable, 'names the field of a recipe that is wrong', () => {
    const path = join(cwd, 'packages/one/recipe.ts')
    writeFileSync(path, readFileSync(path, 'utf8').replace("license: 'MIT'", "licence: 'MIT'"))
    const { status, stderr } = run(['build', 'test'])
    assert.is(status, 2)
    assert.match(stderr, /^E_RECIPE_INVALID {2}recipes\/packages\/one\/recipe\.ts: license must be an SPDX licence/)
    restore()
    assert.is(run(['lock', 'test', '-q']).status, 0)
  })

  test.unless(unbuildable, 'goes on to its end when nobody reads its output', async () => {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'bin/mrrl.js'), 'log', 'test', 'busybox-tools', '--recipes', '.'],
      {
        cwd,
        env: { ...process.env, MRRL_HOME: join(cwd, 'home') },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    child.stdout.destroy()
    assert.equal(await once(child, 'exit'), [0, null])
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test.unless(unbuildable, `ends in order on ${signal} with status ${expected}`, async () => {
      const mark = `${4_000_000 + process.pid}.${expected}`
      writePackage(cwd, 'one', { install: `echo go; sleep ${mark}` })
      const child = spawn(process.execPath, [join(ROOT, 'bin/mrrl.js'), 'lock', 'test', '--recipes', '.'], {
        cwd,
        env: { ...process.env, MRRL_HOME: join(cwd, 'home') },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      while (processesWith(mark).length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
      child.kill(signal)
      const [status] = await once(child, 'close')
      assert.is(status, expected)
      assert.match(stderr, /^E_INTERRUPTED /m)
      await untilGone(mark)
      assert.equal(readdirSync(join(cwd, 'home/store-v1/tmp')), [])
      restore()
    })
  }

  test.unless(unbuildable ?? missing('script'), 'on a terminal draws a live view and gives the cursor back', () => {
    rmSync(join(cwd, 'home'), { recursive: true })
    const command = `${process.execPath} ${join(ROOT, 'bin/mrrl.js')} build test --recipes .`
    const stdout = onTerminal(command)
    const shown = stdout.indexOf('\x1b[?25h')
    assert.ok(stdout.includes('\x1b[?25l') && shown > stdout.lastIndexOf('\x1b[?25l'))
    assert.match(stdout, /✓.* one +[\d.]+s/)
    assert.match(stdout, /as locked/)
  })
})

spec('mrrl ls', (test) => {
  test.unless(unbuildable, 'lists profiles and packages', () => {
    assert.match(run(['ls']).stdout, /^test +x86_64 +one +A profile for tests$/m)
    assert.match(run(['ls', 'test']).stdout, /^one +1\.0 +target +in the store +[\d.]+s +MIT$/m)
    const packages = JSON.parse(run(['ls', 'test', '--json']).stdout)
    assert.equal([packages[1].name, packages[1].cached], ['one', true])
  })
})

spec('mrrl store', (test) => {
  test.unless(unbuildable, 'verify finds a flipped bit, and the next build repairs it', () => {
    assert.is(runPlain(['store', 'verify']).status, 0)
    flipOneBlob()
    const { status, stderr, stdout } = runPlain(['store', 'verify'])
    assert.is(status, 10)
    assert.match(stderr, /^damaged {2}blobs\//m)
    assert.match(stdout, /the next build fetches or builds again/)
    assert.is(run(['build', 'test', '-q']).status, 0)
    assert.is(runPlain(['store', 'verify', '--quiet']).status, 0)
  })

  test.unless(unbuildable, 'gc keeps what the lock needs', () => {
    const { status, stdout } = runPlain(['gc', '--older-than', '0'])
    assert.is(status, 0)
    assert.match(stdout, /^actions +0 removed +[34] kept/m)
    assert.match(run(['build', 'test']).stdout, /2 steps, all from the store/)
    const report = JSON.parse(runPlain(['gc', '--dry-run', '--json']).stdout)
    assert.is(report.isDryRun, true)
  })
})

/** As `run`, for commands that know no recipes. */
function runPlain(args: readonly string[]): RunResult {
  return mrrl(args, { cwd, home: join(cwd, 'home') })
}

function flipOneBlob(): void {
  const blobs = join(cwd, 'home/store-v1/blobs')
  for (const path of readdirSync(blobs, { recursive: true, encoding: 'utf8' })) {
    if (!/\/.{62}/.test(path)) continue
    if (!readFileSync(join(blobs, path)).includes('one for the test')) continue
    writeFileSync(join(blobs, path), 'two for the test')
    return
  }
  throw new Error('the blob is not there')
}

/** What a command prints on a terminal of its own. */
function onTerminal(command: string): string {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env
  return spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { ...env, MRRL_HOME: join(cwd, 'home'), TERM: 'xterm' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).stdout
}
