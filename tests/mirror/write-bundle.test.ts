import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { Bundle } from '../../src/fetch/bundle.ts'
import { verifyMirror } from '../../src/mirror/verify.ts'
import { writeBundle } from '../../src/mirror/write-bundle.ts'
import { noise } from '../support/bytes.ts'
import { fill, type MirrorFile, threeFiles, writeFiles } from '../support/mirror-fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'

const WATCH = { signal: new AbortController().signal, onProgress: (): void => undefined }

/** Fills a mirror with files and bundles `wanted` of them; returns the bundle's path. */
async function bundle(folder: string, name: string, files: readonly MirrorFile[], wanted = files): Promise<string> {
  const [mirror, other] = [join(folder, name), join(folder, `${name}-other`)]
  writeFiles(other, files)
  await fill(mirror, files, { mirrors: [other] })
  const filled = await fill(mirror, wanted)
  const target = join(folder, `${name}.tar.zst`)
  const order = { profiles: ['test'], sources: wanted.map(({ source }) => source) }
  await writeBundle(mirror, order, filled.files, target, WATCH)
  return target
}

spec('writeBundle', (test) => {
  test('gives the same bytes for the same sources, whatever else the mirror holds', () =>
    withFolder(async (folder) => {
      const [one, two, three] = threeFiles()
      const first = await bundle(folder, 'first', [one, two])
      const second = await bundle(folder, 'second', [three, two, one], [one, two])
      assert.equal(readFileSync(first), readFileSync(second))
    }))

  test.unless(missing('tar', 'zstd'), 'is a mirror once it is unpacked with tar', () =>
    withFolder(async (folder) => {
      const file = await bundle(folder, 'mirror', threeFiles())
      run('mkdir', join(folder, 'unpacked'))
      run('tar', '--zstd', '-xf', file, '-C', join(folder, 'unpacked'))
      const report = await verifyMirror(join(folder, 'unpacked'), WATCH)
      assert.equal([report.files, report.problems], [3, []])
    }),
  )

  test('can take the place of the mirror', () =>
    withFolder(async (folder) => {
      const files = threeFiles()
      const path = await bundle(folder, 'mirror', files)
      const config = { offline: true, mirrors: [new Bundle(path)] }
      const filled = await fill(join(folder, 'copy'), files, config)
      assert.ok(filled.files.every(({ state }) => state === 'fetched'))
      assert.equal((await verifyMirror(join(folder, 'copy'), WATCH)).problems, [])
    }))

  test('is not written when a file of the mirror is another by now', () =>
    withFolder(async (folder) => {
      const files = threeFiles()
      await bundle(folder, 'mirror', files)
      const mirror = join(folder, 'mirror')
      const filled = await fill(mirror, files)
      writeFileSync(join(mirror, files[0].path), noise(100_000, 3))
      const order = { profiles: ['test'], sources: files.map(({ source }) => source) }
      const target = join(folder, 'new.tar.zst')
      await rejects('E_INTEGRITY', () => writeBundle(mirror, order, filled.files, target, WATCH))
      truncateSync(join(mirror, files[0].path), 10)
      await rejects('E_INTEGRITY', () => writeBundle(mirror, order, filled.files, target, WATCH))
      rmSync(join(mirror, files[0].path))
      await rejects('E_FETCH', () => writeBundle(mirror, order, filled.files, target, WATCH))
      assert.not.ok(existsSync(target))
    }))
})
