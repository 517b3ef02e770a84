import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import { build } from '../../src/engine/operations.ts'
import { fixtureSettings, missingFixture, ran, writeFixture } from '../support/fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const hello = { install: 'mkdir -p "$OUT/etc"; echo hello > "$OUT/etc/hello"' }

spec('build', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'builds what is missing, once', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { hello })
      const first = fixtureSettings(folder)
      const { report } = await lock('test', first.settings)
      assert.equal(ran(first.events).sort(), ['busybox-tools', 'hello'])
      assert.equal(
        report.images.map(({ locked }) => locked),
        ['new', 'new'],
      )
      const second = fixtureSettings(folder)
      const again = await build('test', second.settings)
      assert.equal(ran(second.events), [])
      assert.equal(
        again.images.map(({ locked }) => locked),
        ['same', 'same'],
      )
      assert.equal(
        again.images.map(({ digest }) => digest),
        report.images.map(({ digest }) => digest),
      )
    }),
  )

  test.unless(unbuildable, 'refuses a lock that was edited by hand', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { hello })
      const { settings } = fixtureSettings(folder)
      const { path } = await lock('test', settings)
      writeFileSync(path, readFileSync(path, 'utf8').replace('"epoch": 1735689600', '"epoch": 1735689601'))
      await rejects('E_LOCK_INVALID', () => build('test', settings))
    }),
  )

  test.unless(unbuildable, 'says so when an output is not what the lock says', () =>
    withFolder(async (folder) => {
      const random = { install: 'mkdir -p "$OUT/etc"; head -c 8 /dev/urandom > "$OUT/etc/random"' }
      writeFixture(folder, { random })
      await lock('test', fixtureSettings(folder).settings)
      const { settings } = fixtureSettings(folder, { home: join(folder, 'second-home') })
      const error = await rejects('E_NOT_REPRODUCIBLE', () => build('test', settings))
      assert.is(error.fields.package, 'random')
    }),
  )

  test.unless(unbuildable, 'names a file that two packages bring differently', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { hello, other: { install: 'mkdir -p "$OUT/etc"; echo other > "$OUT/etc/hello"' } })
      const error = await rejects('E_CONFLICT', () => lock('test', fixtureSettings(folder).settings))
      assert.equal(error.fields.packages, ['hello', 'other'])
    }),
  )

  test.unless(unbuildable, 'leaves nothing in the temporary folder of the store', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { hello })
      const { settings } = fixtureSettings(folder)
      await lock('test', settings)
      assert.equal(readdirSync(join(settings.home, 'store-v1/tmp')), [])
    }),
  )
})
