import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { writeFixture, writePackage } from '../support/fixture.ts'
import { mrrl, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { missing, run } from '../support/tools.ts'

/** One project for all tests of this file, which build upon each other. Nothing in it is ever built. */
const cwd = mkdtempSync(join(tmpdir(), 'mrrl-lock-'))
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))

const LOCK = join(cwd, 'locks/test.lock.json')
const one = { install: 'true' }

const call = (...args: readonly string[]): RunResult =>
  mrrl([...args, '--recipes', '.'], { cwd, home: join(cwd, 'home') })
/** Of commands that know no recipes. */
const diff = (...args: readonly string[]): RunResult =>
  mrrl(['lock', 'diff', ...args], { cwd, home: join(cwd, 'home'), env: { GIT_CEILING_DIRECTORIES: tmpdir() } })

spec('mrrl lock', (test) => {
  test('without names and without a lock says so', () => {
    writeFixture(cwd, { one })
    for (const more of [[], ['--check'], ['--update']]) {
      const { status, stderr } = call('lock', ...more)
      assert.is(status, 3)
      assert.match(stderr, /^E_LOCK_MISSING {2}there is no lock in /)
    }
  })

  test('takes several profiles, and without names all that have a lock', () => {
    const both = call('lock', 'test', 'nothing', '--sources-only')
    assert.is(both.status, 2)
    assert.match(both.stderr, /^E_PROFILE_UNKNOWN {2}there is no profile nothing$/m)
    const { status, stdout } = call('lock', '--sources-only')
    assert.equal([status, stdout], [0, 'locks/test.lock.json\n  nothing has changed\n'])
    const { locks } = JSON.parse(call('lock', '--sources-only', '--json').stdout)
    assert.equal([locks.length, locks[0].profile, locks[0].changes], [1, 'test', []])
  })

  test('refuses options that do not belong together', () => {
    const wrong = [
      ['--check', '--update'],
      ['--update', '--sources-only'],
      ['test', '--dry-run'],
    ]
    for (const args of wrong) {
      const { status, stderr } = call('lock', ...args)
      assert.is(status, 2, args.join(' '))
      assert.match(stderr, /^E_USAGE /)
    }
  })
})

spec('mrrl lock --check', (test) => {
  test('ends with 0 for a lock as the recipes are, and touches nothing', () => {
    const before = readFileSync(LOCK, 'utf8')
    const { status, stdout } = call('lock', '--check')
    assert.is(status, 0)
    assert.match(stdout, /^test {2}as the recipes\n {2}not built yet: busybox-tools, one; .* mrrl lock test\n$/)
    assert.is(readFileSync(LOCK, 'utf8'), before)
  })

  test('ends with 3 for a stale one, and says what changed', () => {
    writePackage(cwd, 'one', { install: 'echo changed' })
    const { status, stdout, stderr } = call('lock', '--check', 'test')
    assert.equal([status, stderr], [3, ''])
    assert.is(stdout, 'test  E_LOCK_STALE\n  recipe one changed\n  write it anew with: mrrl lock test\n')
    const { locks } = JSON.parse(call('lock', '--check', '--json').stdout)
    assert.equal([locks[0].code, locks[0].changes], ['E_LOCK_STALE', ['recipe one changed']])
    assert.is(call('lock', '--check', '--quiet').stdout, '')
    writePackage(cwd, 'one', one)
  })

  test('ends with 3 for a damaged one', () => {
    const text = readFileSync(LOCK, 'utf8')
    writeFileSync(LOCK, text.replace('"epoch": 1', '"epoch": 2'))
    const { status, stdout } = call('lock', '--check')
    writeFileSync(LOCK, text)
    assert.is(status, 3)
    assert.match(stdout, /^test {2}E_LOCK_INVALID\n {2}locks\/test\.lock\.json was changed by hand, or by a merge$/m)
  })
})

spec('mrrl lock --update', (test) => {
  test('says when no recipe says where newer versions are', () => {
    const { status, stdout } = call('lock', '--update')
    assert.equal([status, stdout], [0, 'nothing to update\n'])
    const named = call('lock', '--update', 'one')
    assert.is(named.status, 2)
    assert.match(named.stderr, /^E_PACKAGE_UNKNOWN /)
  })

  test('needs a network', () => {
    const source = `sources: () => [{ from: ['https://127.0.0.1:9/one-1.0.tar'], integrity: 'sha256-${'A'.repeat(43)}=', size: 1 }],`
    writePackage(cwd, 'one', {
      ...one,
      extra: `${source} update: { range: '^1.0', indexes: ['https://127.0.0.1:9/'] },`,
    })
    call('lock', 'test', '--sources-only')
    const { status, stdout } = call('lock', '--update', '--offline', '--json')
    assert.equal([status, JSON.parse(stdout).error.code], [5, 'E_OFFLINE'])
  })
})

spec('mrrl lock diff', (test) => {
  test('compares two locks, by path or by profile', () => {
    cpSync(LOCK, join(cwd, 'old.lock.json'))
    assert.is(diff('old.lock.json', 'test').stdout, 'old.lock.json → locks/test.lock.json\n  nothing has changed\n')
    writePackage(cwd, 'one', { install: 'echo changed' })
    call('lock', 'test', '--sources-only')
    const { status, stdout } = diff('./old.lock.json', 'test')
    assert.is(status, 0)
    assert.is(
      stdout,
      [
        'old.lock.json → locks/test.lock.json',
        '  one 1.0 has a changed recipe',
        '    size   1 → 0 B (−100 %)',
        '    hosts  − 127.0.0.1:9',
        '  built anew:',
        '    one  other sources',
        '',
      ].join('\n'),
    )
    const { locks } = JSON.parse(diff('old.lock.json', 'locks/test.lock.json', '--json').stdout)
    assert.equal([locks[0].before, locks[0].packages[0].name], ['old.lock.json', 'one'])
  })

  test('says what is wrong with what is named', () => {
    assert.match(diff('nothing', 'test').stderr, /^E_LOCK_MISSING {2}there is no lock nothing$/m)
    assert.match(
      diff('packages/one/recipe.ts', 'test').stderr,
      /^E_LOCK_INVALID {2}packages\/one\/recipe\.ts is not JSON$/m,
    )
    assert.match(diff('packages/', 'test').stderr, /^E_LOCK_MISSING /m)
  })

  test.unless(missing('git'), 'compares with the last commit', () => {
    const alone = diff()
    assert.is(alone.status, 2)
    assert.match(alone.stderr, /^E_USAGE {2}nothing to compare test\.lock\.json with: no commit$/m)
    const git = (...args: string[]): void => {
      run('git', '-C', cwd, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args)
    }
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'empty')
    assert.match(
      diff().stdout,
      /^HEAD:locks\/test\.lock\.json → locks\/test\.lock\.json\n(.*\n)* {2}busybox-tools 1\.0 is new$/m,
    )
    git('add', 'locks')
    git('commit', '-q', '-m', 'lock')
    assert.match(diff('test').stdout, /^ {2}nothing has changed$/m)
    writePackage(cwd, 'one', { install: 'echo changed again' })
    call('lock', 'test', '--sources-only')
    assert.match(diff().stdout, /^ {4}one {2}its recipe changed$/m)
    const { status, stdout } = mrrl(['lock', 'diff', '--json'], { cwd, home: join(cwd, 'home'), env: { PATH: '' } })
    assert.equal(
      [status, JSON.parse(stdout).error.message],
      [2, 'nothing to compare test.lock.json with: there is no git'],
    )
  })
})
