import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../../src/cli/commands.ts'
import { mrrl, ROOT, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const run = (...args: string[]): Promise<RunResult> => withFolder((cwd) => mrrl(args, { cwd, home: join(cwd, 'home') }))

spec('the command line', (test) => {
  test('lists all commands and exit statuses', async () => {
    const { status, stdout, stderr } = await run('--help')
    assert.equal([status, stderr], [0, ''])
    for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^  ${name.split(' ')[0]} `, 'm'))
    assert.match(stdout, /Exit statuses:\n +0 +done/)
  })

  test('has help with examples for every command', async () => {
    for (const { name, options } of COMMANDS) {
      const { status, stdout } = await run(...name.split(' '), '--help')
      assert.is(status, 0)
      assert.match(stdout, new RegExp(`^Usage: mrrl ${name}`))
      assert.match(stdout, new RegExp(`Examples:\n  mrrl ${name}`))
      if (options.includes('json')) assert.match(stdout, /--json/)
    }
  })

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.is((await run('--version')).stdout, `${version}\n`)
  })

  const wrong: readonly (readonly [string, string[], RegExp])[] = [
    ['an unknown command', ['bild', 'mini'], /unknown command 'bild'\n {2}Did you mean build\?/],
    ['an unknown option', ['build', 'mini', '--job', '2'], /unknown option '--job'\n {2}Did you mean --jobs\?/],
    ['a missing argument', ['build'], /missing required argument 'profile'\n {2}See: mrrl build --help/],
    ['too many arguments', ['build', 'mini', 'x86_64'], /too many arguments/],
    ['no processes', ['build', 'mini', '--jobs', '0'], /whole number from 1/],
    ['a word for a number', ['build', 'mini', '-j', 'all'], /whole number from 1/],
    ['an unknown sandbox', ['build', 'mini', '--sandbox', 'docker'], /one of auto, unshare, bwrap/],
    ['a recipe folder that is not there', ['ls', '--recipes', 'nowhere'], /there is no folder nowhere/],
    ['a mirror that is not there', ['build', 'mini', '--mirror', 'nowhere'], /there is no folder nowhere/],
    ['a negative age', ['gc', '--older-than', '-1'], /./],
  ]
  for (const [what, args, message] of wrong) {
    test(`refuses ${what} with status 2`, async () => {
      const { status, stdout, stderr } = await run(...args)
      assert.equal([status, stdout], [2, ''])
      assert.match(stderr, /^E_USAGE {2}/)
      assert.match(stderr, message)
    })
  }

  test('without a command shows help on standard error and ends with 2', async () => {
    for (const args of [[], ['store']]) {
      const { status, stdout, stderr } = await run(...args)
      assert.equal([status, stdout], [2, ''])
      assert.match(stderr, /^Usage: mrrl/)
    }
  })

  test('gives usage errors as JSON when JSON is wanted', async () => {
    const { status, stdout, stderr } = await run('build', '--json', '--nonsense')
    assert.equal([status, stderr], [2, ''])
    assert.equal(JSON.parse(stdout).error.code, 'E_USAGE')
  })

  test('names the nearest profile and package', async () => {
    const profile = await run('build', 'x86_46')
    assert.is(profile.status, 2)
    assert.match(
      profile.stderr,
      /^E_PROFILE_UNKNOWN {2}there is no profile x86_46\n(.*\n)* {2}Did you mean x86_64\?\n$/,
    )
    const name = await run('log', 'mini', 'busybux')
    assert.is(name.status, 2)
    assert.match(name.stderr, /^E_PACKAGE_UNKNOWN .*\n(.*\n)* {2}Did you mean busybox\?\n$/)
  })

  test('needs a folder for the store, and no HOME when it has one', () =>
    withFolder((cwd) => {
      const without = { HOME: 'relative', XDG_CACHE_HOME: '', MRRL_HOME: '' }
      const refused = mrrl(['gc', '-n'], { cwd, env: without })
      assert.is(refused.status, 2)
      assert.match(refused.stderr, /E_USAGE {2}there is no folder for the store\n {2}Set MRRL_HOME/)
      assert.is(mrrl(['gc', '-n'], { cwd, env: { ...without, MRRL_HOME: 'store' } }).status, 0)
      assert.is(mrrl(['gc', '-n'], { cwd, env: { ...without, XDG_CACHE_HOME: cwd } }).status, 0)
      assert.ok(existsSync(join(cwd, 'store/store-v1')) && existsSync(join(cwd, 'mrrl/store-v1')))
    }))
})
