import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import type { VerifyReport } from '../../src/verify/report.ts'
import { verifyProfile } from '../../src/verify/verify.ts'
import { type FixturePackage, fixtureSettings, missingFixture, writeFixture, writePackage } from '../support/fixture.ts'
import { mrrl } from '../support/mrrl.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { writeSystem } from '../support/system-fixture.ts'
import { withFolder } from '../support/tools.ts'

/** A tool that is other bits from another compiler. */
const TOOL = {
  install: 'mkdir -p "$OUT/tools/tool"; echo "made by $(basename $BUILD_CC)" > "$OUT/tools/tool/tool"',
  extra: `role: 'tool',`,
}
const NEEDS_TOOL = `needs: { build: ['tool'] },`

spec('verify --seed', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'passes when packages are the same, whatever tools are', () =>
    withFolder(async (folder) => {
      const install = 'mkdir -p "$OUT/etc"; echo as always > "$OUT/etc/file"'
      const report = await verifyFrom('other', folder, { install, extra: NEEDS_TOOL })
      assert.is(report.verdict, 'same')
      assert.equal([report.seed, report.depth, report.rounds.length], ['other', 'seed', 1])
      assert.equal(verdictsOf(report), { 'busybox-tools': 'not compared', tool: 'not compared', app: 'same' })
      assert.ok(report.images.every(({ verdict }) => verdict === 'same'))
    }),
  )

  test.unless(unbuildable, 'names the file of a package that holds something of its first compiler', () =>
    withFolder(async (folder) => {
      const install = 'mkdir -p "$OUT/etc"; cat /tools/tool/tool > "$OUT/etc/made-by"'
      const report = await verifyFrom('other', folder, { install, extra: NEEDS_TOOL })
      assert.is(report.verdict, 'different')
      assert.is(verdictsOf(report).app, 'different')
      const [app] = report.packages.filter(({ name }) => name === 'app')
      assert.equal(
        app?.differences.map(({ path }) => path),
        ['etc/made-by'],
      )
      assert.ok(report.images.every(({ verdict }) => verdict === 'follows'))
    }),
  )

  for (const words of [['--vary', 'jobs'], ['--depth', 'image'], ['--bisect']]) {
    test(`refuses ${words.join(' ')}, of which it would do nothing`, () =>
      withFolder((cwd) => {
        const { status, stderr } = mrrl(['verify', 'mini', '--seed', 'debian-12', ...words], {
          cwd,
          home: join(cwd, 'home'),
        })
        assert.is(status, 2)
        assert.match(stderr, /^E_USAGE {2}--seed/)
      }))
  }

  test.unless(unbuildable, 'refuses a toolchain that there is not', () =>
    withFolder(async (folder) => {
      await rejects('E_PACKAGE_UNKNOWN', () => verifyFrom('another', folder, { install: 'mkdir "$OUT/etc"' }))
    }),
  )
})

/** Locks a profile of one package, built from the usual seed, and verifies it from another. */
async function verifyFrom(seed: string, folder: string, app: FixturePackage): Promise<VerifyReport> {
  writeFixture(folder, { app })
  writePackage(folder, 'tool', TOOL)
  writeSystem(folder)
  const { settings } = fixtureSettings(folder)
  await lock('test', settings)
  const options = {
    depth: 'seed',
    seed,
    variations: [],
    bisect: 'when quick',
    keep: '',
    image: '',
    onEvent: () => undefined,
  } as const
  const program = fileURLToPath(new URL('../../src/cli/verify-round.ts', import.meta.url))
  const host = { env: process.env, processors: 2, uid: process.getuid?.() ?? -1, temporary: tmpdir() }
  return verifyProfile('test', options, settings, { ...host, program: [process.execPath, program] })
}

function verdictsOf({ packages }: VerifyReport): Readonly<Record<string, string>> {
  return Object.fromEntries(packages.map(({ name, verdict }) => [name, verdict]))
}
