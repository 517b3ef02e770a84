import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { checkLocks, lock, lockSources, writeLocks } from '../../src/engine/lock-operations.ts'
import { build } from '../../src/engine/operations.ts'
import { lockPath } from '../../src/engine/resolve.ts'
import { parseLock } from '../../src/recipes/lock-file.ts'
import { fixtureSettings, missingFixture, writeFixture } from '../support/fixture.ts'
import { edit, withProject } from '../support/lock-project.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

spec('mrrl lock', (test) => {
  const unbuildable = missingFixture()

  test('writes the same bytes again', () =>
    withProject(async ({ settings, locks }) => {
      const before = locks()
      const { changes } = await lockSources('test', settings)
      assert.equal([changes, locks()], [[], before])
    }))

  test('does not depend on how recipes and profiles are written', () =>
    withProject(async ({ settings, moved }) => {
      const apart = moved((folder) => {
        const profile = join(folder, 'profiles/test.ts')
        const text = readFileSync(profile, 'utf8').replaceAll('\n', '\r\n')
        writeFileSync(profile, `// A comment.\r\n${text.replace('"summary"', 'formats: undefined,\r\n  "summary"')}`)
        for (const name of ['one', 'two', 'other']) {
          edit(folder, name, (recipe) => recipe.replaceAll(', ', ',\r\n    ').replaceAll('\n', '\r\n'))
        }
      })
      assert.equal(
        (await checkLocks(['test', 'small'], apart)).map(({ code }) => code),
        ['', ''],
      )
      assert.equal(readFileSync(lockPath('test', apart)), readFileSync(lockPath('test', settings)))
    }))

  test('does not depend on where newer versions are looked for', () =>
    withProject(async ({ moved }) => {
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace('^1.0', '^1.2')))
      assert.is((await checkLocks(['test'], apart))[0]?.code, '')
    }))

  test.unless(unbuildable, 'without a build keeps the outputs of what has not changed', () =>
    withProject(async ({ moved }) => {
      const apart = moved((folder) => edit(folder, 'one', (text) => text.replace('For tests', 'For other tests')))
      const before = parseLock(readFileSync(lockPath('test', apart), 'utf8'), 'before')
      await lockSources('test', apart)
      const after = parseLock(readFileSync(lockPath('test', apart), 'utf8'), 'after')
      assert.equal([after.packages.one?.output, after.packages.two?.output, after.images], ['', '', {}])
      assert.is(after.packages.other?.output, before.packages.other?.output)
      assert.not.equal(after.packages.other?.output, '')
    }, lock),
  )

  test('replaces a lock that cannot be read, and says so', () =>
    withProject(async ({ settings }) => {
      for (const text of ['{', '{"version": 1}']) {
        writeFileSync(lockPath('test', settings), text)
        const { changes } = await lockSources('test', settings)
        assert.match(changes.join(), /^the lock is new: locks\/test\.lock\.json (is not JSON|has layout 1)/)
      }
      assert.equal((await checkLocks(['test'], settings))[0]?.code, '')
    }))

  test('of several profiles is written as a whole or not at all', () =>
    withProject(async ({ settings }) => {
      const [path, blocked, added] = ['small', 'test', 'new'].map((name) => lockPath(name, settings)) as [
        string,
        string,
        string,
      ]
      const text = readFileSync(path, 'utf8')
      const small = parseLock(text, path)
      rmSync(blocked)
      mkdirSync(join(blocked, 'in the way'), { recursive: true })
      const locks = [
        { ...small, epoch: 7 },
        { ...small, profile: 'new' },
        { ...small, profile: 'test' },
      ]
      await writeLocks(locks, settings).then(
        () => assert.unreachable(),
        () => undefined,
      )
      assert.equal([readFileSync(path, 'utf8'), existsSync(added)], [text, false])
      assert.equal(readdirSync(settings.lockFolder), ['small.lock.json', 'test.lock.json'])
    }))

  test('knows profiles only by name', () =>
    withFolder(async (folder) => {
      writeFixture(folder, {})
      const { settings } = fixtureSettings(folder)
      for (const name of ['../test', 'a/b', '', '__proto__', '/etc/passwd']) {
        await rejects('E_PROFILE_UNKNOWN', () => lockSources(name, settings))
        await rejects('E_PROFILE_UNKNOWN', () => checkLocks([name], settings))
        await rejects('E_PROFILE_UNKNOWN', () => build(name, settings))
      }
    }))
})

spec('mrrl lock --check', (test) => {
  test('says what a lock lacks', () =>
    withProject(async ({ settings, moved, locks }) => {
      const before = locks()
      const [fresh] = await checkLocks(['test'], settings)
      assert.equal([fresh?.code, fresh?.changes], ['', []])
      assert.equal(fresh?.unrecorded, ['busybox-tools', 'one', 'other', 'two'])
      assert.equal(locks(), before)
      const apart = moved((folder) => edit(folder, 'two', (text) => text.replace('For tests', 'For other tests')))
      const checks = await checkLocks(['test', 'small'], apart)
      assert.equal(
        checks.map(({ profile, code, changes }) => [profile, code, changes]),
        [
          ['test', 'E_LOCK_STALE', ['recipe two changed']],
          ['small', '', []],
        ],
      )
    }))

  test('tells a missing, damaged, foreign or old lock', () =>
    withProject(async ({ settings }) => {
      const path = lockPath('test', settings)
      const text = readFileSync(path, 'utf8')
      const codeOf = async (): Promise<string | undefined> => (await checkLocks(['test'], settings))[0]?.code
      writeFileSync(path, text.replace('"epoch": 1', '"epoch": 2'))
      assert.is(await codeOf(), 'E_LOCK_INVALID')
      writeFileSync(path, readFileSync(lockPath('small', settings)))
      assert.is(await codeOf(), 'E_LOCK_INVALID')
      writeFileSync(path, '{"version": 1}')
      assert.is(await codeOf(), 'E_LOCK_VERSION')
      rmSync(path)
      assert.is(await codeOf(), 'E_LOCK_MISSING')
    }))
})
