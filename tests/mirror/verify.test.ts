import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type MirrorVerification, verifyMirror } from '../../src/mirror/verify.ts'
import { noise } from '../support/bytes.ts'
import { fill, type MirrorFile, threeFiles, writeFiles } from '../support/mirror-fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'

function verify(mirror: string): Promise<MirrorVerification> {
  return verifyMirror(mirror, { signal: new AbortController().signal, onProgress: () => undefined })
}

/** A whole mirror of three files. */
function withMirror(
  body: (mirror: string, files: readonly [MirrorFile, MirrorFile, MirrorFile]) => Promise<void>,
): Promise<void> {
  return withFolder(async (folder) => {
    const [mirror, other, files] = [join(folder, 'mirror'), join(folder, 'other'), threeFiles()]
    writeFiles(other, files)
    await fill(mirror, files, { mirrors: [other] })
    await body(mirror, files)
  })
}

/** Problems as `<kind> <path>`. */
async function problems(mirror: string): Promise<string[]> {
  return (await verify(mirror)).problems.map(({ kind, path }) => `${kind} ${path}`)
}

spec('verifyMirror', (test) => {
  test('finds nothing wrong in a mirror as it was made', () =>
    withMirror(async (mirror, files) => {
      const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
      assert.equal(await verify(mirror), { files: 3, bytes, problems: [] })
    }))

  test('names the file that is missing, truncated, wrong, too long or not a file', () =>
    withMirror(async (mirror, [one]) => {
      const path = join(mirror, one.path)
      const cases: readonly (readonly [string, () => void])[] = [
        ['missing', () => undefined],
        ['truncated', () => writeFileSync(path, one.bytes.subarray(0, 99_999))],
        ['truncated', () => writeFileSync(path, '')],
        ['wrong', () => writeFileSync(path, noise(one.bytes.length, 3))],
        ['wrong', () => writeFileSync(path, Buffer.concat([one.bytes, Buffer.of(0)]))],
        ['not a file', () => symlinkSync('/etc/passwd', path)],
        ['not a file', () => mkdirSync(path)],
      ]
      for (const [kind, spoil] of cases) {
        rmSync(path, { recursive: true, force: true })
        spoil()
        const [problem, ...others] = (await verify(mirror)).problems
        assert.equal([problem?.kind, problem?.path, problem?.names, others], [kind, one.path, ['one.tar'], []])
      }
    }))

  test('tells files that were swapped, also between the two hashes', () =>
    withMirror(async (mirror, [one, two, three]) => {
      const at = (file: MirrorFile): string => join(mirror, file.path)
      for (const [a, b] of [
        [one, three],
        [one, two],
      ] as const) {
        writeFileSync(at(a), b.bytes)
        writeFileSync(at(b), a.bytes)
        const found = (await verify(mirror)).problems
        assert.equal(
          found.map(({ kind }) => kind),
          ['swapped', 'swapped'],
        )
        assert.is(found.find(({ path }) => path === a.path)?.found, `the content of ${b.path}`)
        writeFileSync(at(a), a.bytes)
        writeFileSync(at(b), b.bytes)
      }
      assert.equal(await problems(mirror), [])
    }))

  test('names what is unknown, but not what a download left', () =>
    withMirror(async (mirror) => {
      const strange = `sha256/${'0'.repeat(64)}`
      for (const path of [strange, 'sha512/notes', 'notes.txt']) writeFileSync(join(mirror, path), 'x')
      mkdirSync(join(mirror, 'incoming'))
      writeFileSync(join(mirror, 'incoming/sha256-0'), 'x')
      assert.equal(await problems(mirror), ['unknown notes.txt', `unknown ${strange}`, 'unknown sha512/notes'])
    }))

  test('tells lists that are stale', () =>
    withMirror(async (mirror, [, , three]) => {
      const sums = join(mirror, 'SHA256SUMS')
      const text = readFileSync(sums, 'utf8')
      for (const other of [
        text.replace(/^.*index\.json\n/m, ''),
        `${text}${'0'.repeat(64)}  more\n`,
        text.replace(/^[0-9a-f]{64}(?= {2}sha512)/m, '0'.repeat(64)),
        '',
      ]) {
        writeFileSync(sums, other)
        assert.equal(await problems(mirror), ['stale SHA256SUMS'])
      }
      rmSync(sums)
      assert.equal(await problems(mirror), ['missing SHA256SUMS'])
      symlinkSync('/etc/passwd', sums)
      assert.equal(await problems(mirror), ['not a file SHA256SUMS'])
      rmSync(sums)
      writeFileSync(sums, text)
      // An index from before a file came, as when the lists were not copied with the files.
      const index = JSON.parse(readFileSync(join(mirror, 'index.json'), 'utf8'))
      index.files = index.files.filter((file: { path: string }) => file.path !== three.path)
      writeFileSync(join(mirror, 'index.json'), `${JSON.stringify(index, undefined, 2)}\n`)
      assert.equal(await problems(mirror), ['stale SHA256SUMS', `unknown ${three.path}`])
    }))

  test('names everything that is wrong at once', () =>
    withMirror(async (mirror, [one, two, three]) => {
      rmSync(join(mirror, one.path))
      writeFileSync(join(mirror, two.path), 'x')
      renameSync(join(mirror, three.path), join(mirror, `sha256/${'1'.repeat(64)}`))
      const found = await problems(mirror)
      assert.equal(found.map((line) => line.split(' ')[0]).sort(), ['missing', 'missing', 'truncated', 'unknown'])
    }))

  test('refuses a folder without an index, and an index that names a path', () =>
    withFolder(async (folder) => {
      assert.match((await rejects('E_MIRROR', () => verify(folder))).message, 'has no index.json')
      const file = { path: '../etc/passwd', size: 1, names: [], from: [], neededBy: [] }
      writeFileSync(join(folder, 'index.json'), `${JSON.stringify({ version: 1, files: [file] }, undefined, 2)}\n`)
      assert.match((await rejects('E_MIRROR', () => verify(folder))).message, '"../etc/passwd" is no path of a mirror')
    }))

  test.unless(missing('mkfifo'), 'does not wait for a fifo', () =>
    withMirror(async (mirror, [one]) => {
      rmSync(join(mirror, one.path))
      run('mkfifo', join(mirror, one.path))
      assert.equal(await problems(mirror), [`not a file ${one.path}`])
    }),
  )

  test('an abort ends it', () =>
    withMirror(async (mirror) => {
      const reason = new Error('stop')
      const options = { signal: AbortSignal.abort(reason), onProgress: () => undefined }
      assert.is(await verifyMirror(mirror, options).catch((error: unknown) => error), reason)
    }))
})
