import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { BuildReport } from '../../src/engine/report.ts'
import { lockOf, mrrl } from '../support/mrrl.ts'
import { countedMrrl, missingNetwork } from '../support/network.ts'
import { spec } from '../support/spec.ts'

/** Any profile can be named, `x86_64` takes some twenty minutes of two processors. */
const profile = process.env.MRRL_MIRROR_PROFILE ?? 'mini'

spec(`${profile} from a mirror`, (test) => {
  test.unless(missingNetwork(), 'gives the locked bits with an empty store, and sends no packet', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mrrl-e2e-'))
    try {
      const [mirror, cwd] = [join(folder, 'mirror'), join(folder, 'cwd')]
      mkdirSync(cwd)
      const filled = mrrl(['mirror', mirror, profile], { cwd })
      assert.is(filled.status, 0, filled.stderr)
      assert.is(mrrl(['mirror', 'verify', mirror], { cwd }).status, 0)
      const args = ['build', profile, '--offline', '--mirror', mirror, '--json']
      const { status, stdout, stderr, packets, seconds } = countedMrrl(args, { cwd, home: join(folder, 'home') })
      assert.equal([status, packets], [0, 0], `${stdout}${stderr}`)
      const report: BuildReport = JSON.parse(stdout)
      assert.ok(report.steps.every(({ cached }) => !cached))
      assert.equal(
        report.images.map(({ digest, locked }) => [digest, locked]).sort(),
        Object.values(lockOf(profile).images)
          .map(({ digest }) => [`sha256:${digest.slice(0, 64)}`, 'same'])
          .sort(),
      )
      console.log(`${report.steps.length} steps in ${Math.round(seconds)} s`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
