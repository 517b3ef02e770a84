import { mkdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { BuildReport } from '../../src/engine/report.ts'
import { build, lockOf, type RunOptions } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { missing } from '../support/tools.ts'

const ORDINARY_USER = 12345

spec('mini in a cold store', (test) => {
  test('gives the locked bits', () => inColdStore({}, [], (report) => isAsLocked(report)))

  test('gives the locked bits whatever umask, time zone, language, jobs and folder', () =>
    inColdStore(
      { umask: '077', env: { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } },
      ['--jobs', '5'],
      isAsLocked,
    ))

  test.unless(missing('bwrap', 'setpriv'), 'gives the locked bits to an ordinary user through bwrap', () => {
    const uid = process.getuid?.() === 0 ? { uid: ORDINARY_USER } : {}
    return inColdStore(uid, ['--sandbox', 'bwrap'], isAsLocked)
  })
})

async function inColdStore(
  options: Omit<RunOptions, 'cwd' | 'home'>,
  args: readonly string[],
  check: (report: BuildReport) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mrrl-e2e-'))
  try {
    const cwd = join(folder, 'deep', 'er')
    mkdirSync(cwd, { recursive: true })
    const uid = options.uid
    if (uid !== undefined) for (const path of [folder, join(folder, 'deep'), cwd]) await chown(path, uid, uid)
    check(build('mini', args, { ...options, cwd, home: join(cwd, 'home') }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function isAsLocked(report: BuildReport): void {
  const { images } = lockOf('mini')
  assert.equal(
    report.images.map(({ locked }) => locked),
    Object.keys(images).map(() => 'same'),
  )
  assert.ok(report.images.length >= 2)
}
