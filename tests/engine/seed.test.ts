import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type BuiltPackage, buildPackages } from '../../src/engine/build.ts'
import { planOf } from '../../src/engine/resolve.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureSettings, missingFixture, writeFixture } from '../support/fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { SYSTEM_PACKAGES, writeSystem } from '../support/system-fixture.ts'
import { withFolder } from '../support/tools.ts'

/** Writes down what it sees of the machine: its programs, and the parts of the seed at their places. */
const LOOK = `
  mkdir -p "$OUT/$PREFIX/etc"
  {
    for folder in /bin /usr /usr/bin /usr/lib /usr/include /lib /lib64 /seed /seed/bin; do
      echo "$folder:" $(busybox ls "$folder" 2> /dev/null || true)
    done
    echo "$BUILD_CC:" $(cat "$BUILD_CC") and $(cat /lib64/ld.so)
  } > "$OUT/$PREFIX/etc/seen"`

spec('a build from a seed of several archives', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'sees its parts where its programs expect them, and nothing of the host', () =>
    withFolder(async (folder) => {
      writeFixture(folder, {
        early: { install: LOOK.replaceAll('$PREFIX', 'tools/early'), extra: `role: 'bootstrap',` },
        late: { install: LOOK.replaceAll('$PREFIX/', ''), extra: `needs: { build: ['early'] },` },
      })
      writeSystem(folder)
      const seen = await buildFromOther(folder)
      assert.equal(seen.early?.get('/usr/bin'), ['x86_64-other-linux-gnu-gcc', 'x86_64-other-linux-gnu-gcc-12'])
      assert.equal(seen.early?.get('/bin'), ['busybox', 'sh'])
      assert.equal(seen.early?.get('/usr'), ['bin', 'include', 'lib'])
      assert.ok(seen.late?.get('/bin')?.includes('ls'))
      assert.equal(seen.late?.get('/bin'), seen.late?.get('/usr/bin'))
      assert.equal(seen.late?.get('/usr'), ['bin', 'include', 'lib'])
      for (const step of [seen.early, seen.late]) {
        assert.equal(step?.get('/usr/lib'), ['gcc', 'libc.a'])
        assert.equal(step?.get('/usr/include'), ['stdio.h'])
        assert.equal(step?.get('/lib'), ['ld.so', 'libc.so.6'])
        assert.equal(step?.get('/lib64'), ['ld.so'])
        assert.equal(step?.get('/seed'), ['bin', 'include', 'lib'])
        const compiler = step?.get('/seed/bin/x86_64-other-linux-gnu-gcc')?.join(' ')
        assert.is(compiler, 'a compiler and a loader')
      }
    }),
  )

  test.unless(unbuildable, 'asks anew what is known of the usual seed', () =>
    withFolder(async (folder) => {
      const extra = `files: ['seed.site', 'other.site'],`
      const install =
        'mkdir -p "$OUT/etc"; for name in seed other; do echo "$name:" $(cat "$FILES/$name.site"); done > "$OUT/etc/seen"'
      writeFixture(folder, { late: { install, extra } })
      for (const name of ['seed', 'other'])
        writeFileSync(join(folder, `packages/late/${name}.site`), `answer_${name}=yes`)
      writeSystem(folder)
      const { late } = await buildFromOther(folder)
      assert.equal(
        [...(late ?? [])],
        [
          ['seed', []],
          ['other', ['answer_other=yes']],
        ],
      )
    }),
  )

  test.unless(unbuildable, 'is refused when two of them bring different files of one name', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { late: { install: LOOK.replaceAll('$PREFIX/', '') } })
      writeSystem(folder, { ...SYSTEM_PACKAGES, 'libc-dev': { 'lib/libc.so.6': 'another library' } })
      const error = await rejects('E_CONFLICT', () => buildFromOther(folder))
      assert.is(error.fields.path, 'lib/libc.so.6')
    }),
  )
})

/** Builds the packages of the profile from the toolchain `other`; what each has seen, a list per line. */
async function buildFromOther(folder: string): Promise<Record<string, ReadonlyMap<string, readonly string[]>>> {
  const { settings } = fixtureSettings(folder)
  const store = await openStore(settings.home)
  const plan = await planOf('test', settings, 'other')
  const built = new Map<string, BuiltPackage>()
  await buildPackages(plan, store, settings, built, () => undefined)
  const seen: Record<string, ReadonlyMap<string, readonly string[]>> = {}
  for (const [name, { result }] of built) {
    const file = (await store.trees.entries(result.output)).find(({ path }) => path.endsWith('etc/seen'))
    if (file?.kind !== 'file') continue
    const lines = Buffer.from(await store.blobs.read(file.digest))
      .toString()
      .trim()
      .split('\n')
    seen[name] = new Map(lines.map((line) => line.split(/: ?/)).map(([what = '', rest = '']) => [what, words(rest)]))
  }
  return seen
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}
