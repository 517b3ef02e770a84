import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { VerifyReport } from '../../src/verify/report.ts'
import { missingFixture, writeFixture } from '../support/fixture.ts'
import { mrrl, type RunResult } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'
import { PLANTED } from './fixtures/planted.ts'

const sound = { install: 'mkdir -p "$OUT/etc"; find . | sort > "$OUT/etc/sound"' }

/** Locks and verifies all planted recipes at once. */
async function verified(): Promise<{ result: RunResult; report: VerifyReport }> {
  return withFolder((folder) => {
    writeFixture(folder, { ...PLANTED, sound })
    const run = (...args: string[]): RunResult => mrrl(args, { cwd: folder, home: join(folder, 'home') })
    assert.is(run('lock', 'test', '--recipes', '.', '--quiet').status, 0)
    const result = run('verify', 'test', '--recipes', '.', '--json', '--bisect')
    return { result, report: JSON.parse(result.stdout).profiles[0] }
  })
}

spec('planted causes', (test) => {
  const unbuildable = missingFixture()
  let running: ReturnType<typeof verified> | undefined
  const once = (): ReturnType<typeof verified> => {
    running ??= verified()
    return running
  }

  test.unless(unbuildable, 'the verification fails, with the status of what is not reproducible', async () => {
    const { result, report } = await once()
    assert.is(result.status, 8)
    assert.is(report.verdict, 'different')
  })

  for (const [name, { cause, file }] of Object.entries(PLANTED)) {
    test.unless(unbuildable, `names the cause and the file of ${name}`, async () => {
      const found = (await once()).report.packages.find((one) => one.name === name)
      assert.is(found?.verdict, 'different')
      const named = found?.causes.find((one) => one.name === cause)
      assert.ok(named, JSON.stringify(found?.causes))
      // What is in an archive stands behind the name of the archive.
      assert.ok(
        named?.files.some((path) => path.replace(/!.*/, '') === file),
        JSON.stringify(named),
      )
      assert.ok((named?.advice.length ?? 0) > 10)
    })
  }

  test.unless(unbuildable, 'says which variation each depends on', async () => {
    const { report } = await once()
    const guilty = Object.fromEntries(report.packages.map((one) => [one.name, one.guilty]))
    assert.equal(guilty['host-name'], ['host-name'])
    assert.equal(guilty['build-path'], ['build-folder'])
    assert.equal(guilty['locale-sort'], ['locale'])
    assert.equal(guilty['cpu-dependent'], ['cpu'])
    assert.equal(guilty['race-in-ar'], ['jobs'])
    assert.equal(guilty.random, ['nothing'])
    assert.equal(guilty['embedded-date'], ['nothing'])
    assert.ok(guilty.umask?.includes('umask'))
  })

  test.unless(unbuildable, 'a sound package beside them is as locked, and the images follow', async () => {
    const { report } = await once()
    assert.is(report.packages.find(({ name }) => name === 'sound')?.verdict, 'same')
    for (const image of report.images) {
      assert.is(image.verdict, 'follows')
      assert.equal([...image.follows].sort(), Object.keys(PLANTED).sort())
    }
  })
})
