import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type BuiltPackage, buildPackages } from '../../src/engine/build.ts'
import { planOf } from '../../src/engine/resolve.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureSettings, HOST_BUSYBOX, missingFixture, writeFixture } from '../support/fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { run, withFolder } from '../support/tools.ts'

/** What the packages of the system below bring, by the names of their archives. */
const PACKAGES = {
  compiler: { 'usr/bin/x86_64-other-linux-gnu-gcc-12': 'a compiler', 'usr/lib/gcc/cc1': 'its larger half' },
  'libc-dev': { 'usr/include/stdio.h': 'a header', 'usr/lib/libc.a': 'a library' },
  libc: { 'lib/libc.so.6': 'a library', 'lib/ld.so': 'a loader' },
}
const LINKS = {
  'lib64/ld.so': '../lib/ld.so',
  'usr/bin/x86_64-other-linux-gnu-gcc': 'x86_64-other-linux-gnu-gcc-12',
  'bin/sh': 'busybox',
}

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
      writeSystem(folder, PACKAGES)
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
      writeSystem(folder, PACKAGES)
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
      writeSystem(folder, { ...PACKAGES, 'libc-dev': { 'lib/libc.so.6': 'another library' } })
      const error = await rejects('E_CONFLICT', () => buildFromOther(folder))
      assert.is(error.fields.path, 'lib/libc.so.6')
    }),
  )
})

/** Adds the toolchain `other`: an archive per package, and one with a shell. */
function writeSystem(folder: string, packages: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
  const sources = Object.entries(packages).map(([name, files]) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true })
      writeFileSync(join(folder, name, path), text)
    }
    return archive(folder, name)
  })
  mkdirSync(join(folder, 'shell/bin'), { recursive: true })
  cpSync(HOST_BUSYBOX ?? '', join(folder, 'shell/bin/busybox'))
  const toolchain = {
    ...{ kind: 'system', name: 'other', gcc: '12.2.0', license: 'MIT', homepage: 'https://example.org' },
    ...{ triple: 'x86_64-other-linux-gnu', sources, utilities: [archive(folder, 'shell')], links: LINKS },
  }
  const text = `import { defineToolchain } from 'mrrl'\nexport default defineToolchain(${JSON.stringify(toolchain)})\n`
  writeFileSync(join(folder, 'toolchains/other.ts'), text)
}

function archive(folder: string, name: string): object {
  const path = join(folder, `${name}.tar`)
  run('tar', '-cf', path, '-C', join(folder, name), '.')
  const bytes = readFileSync(path)
  const integrity = `sha256-${createHash('sha256').update(bytes).digest('base64')}`
  return { from: [`file:${path}`], integrity, size: bytes.length, strip: 0 }
}

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
