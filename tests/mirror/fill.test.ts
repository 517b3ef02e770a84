import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { openStore } from '../../src/store/store.ts'
import { asUser } from '../support/as-user.ts'
import { noise } from '../support/bytes.ts'
import { killed, startScript } from '../support/children.ts'
import { withServer } from '../support/http-server.ts'
import { fill, type MirrorFile, mirrorFile, servingFiles, threeFiles, writeFiles } from '../support/mirror-fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'

/** Every file below a folder with its content in hexadecimal digits. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )
  return Object.fromEntries(files.sort().map((path) => [path, readFileSync(join(folder, path)).toString('hex')]))
}

/** A mirror below a folder of its own, and a server with all files. */
function withThree(
  body: (at: {
    mirror: string
    folder: string
    files: readonly [MirrorFile, MirrorFile, MirrorFile]
    requests: string[]
  }) => Promise<void>,
): Promise<void> {
  return withFolder((folder) =>
    withServer(
      (request, response) => servingFiles(threeFiles())(request, response),
      ({ url, requests }) => body({ mirror: join(folder, 'mirror'), folder, files: threeFiles(url), requests }),
    ),
  )
}

spec('fillMirror', (test) => {
  test('holds every file by its hash, an index and sums, and nothing else', () =>
    withThree(async ({ mirror, files }) => {
      const { files: filled } = await fill(mirror, files)
      assert.equal(
        filled.map(({ state }) => state),
        ['fetched', 'fetched', 'fetched'],
      )
      const paths = files.map(({ path }) => path)
      assert.equal(Object.keys(contents(mirror)), ['SHA256SUMS', 'index.json', ...[...paths].sort()])
      for (const { path, bytes } of files) assert.equal(readFileSync(join(mirror, path)), Buffer.from(bytes))
      const index = JSON.parse(readFileSync(join(mirror, 'index.json'), 'utf8'))
      assert.equal(
        index.files.find((file: { path: string }) => file.path === files[0].path),
        {
          path: files[0].path,
          size: 100_000,
          names: ['one.tar'],
          from: files[0].source.from,
          neededBy: [{ profile: 'test', package: 'one', version: '1.0', license: 'MIT' }],
        },
      )
    }))

  for (const [name, ...words] of [
    ['sha256sum', 'sha256sum'],
    ['busybox', 'busybox', 'sha256sum'],
  ] as const) {
    test.unless(missing(name), `the sums are read by ${words.join(' ')} -c`, () =>
      withThree(async ({ mirror, files }) => {
        await fill(mirror, files)
        const script = `cd "$0" && "$@" -c SHA256SUMS`
        assert.match(run('sh', '-c', script, mirror, ...words).toString(), /^index\.json: OK\n(sha.*: OK\n){3}$/)
      }),
    )
  }

  test('leaves alone what is there and right, and fetches again what is wrong', () =>
    withThree(async ({ mirror, files, requests }) => {
      await fill(mirror, files)
      const times = (): number[] => files.map(({ path }) => statSync(join(mirror, path)).mtimeMs)
      const [before, lists] = [times(), statSync(join(mirror, 'index.json')).ino]
      const again = await fill(mirror, files)
      assert.equal(
        again.files.map(({ state }) => state),
        ['there', 'there', 'there'],
      )
      assert.equal([times(), statSync(join(mirror, 'index.json')).ino], [before, lists])
      assert.is(requests.length, 3)
      writeFileSync(join(mirror, files[0].path), noise(100_000, 5))
      rmSync(join(mirror, files[1].path))
      symlinkSync(join(mirror, files[0].path), join(mirror, files[1].path))
      appendFileSync(join(mirror, files[2].path), 'more')
      await fill(mirror, files)
      assert.is(requests.length, 6)
      for (const { path, bytes } of files) assert.equal(readFileSync(join(mirror, path)), Buffer.from(bytes))
      assert.ok(statSync(join(mirror, files[1].path)).isFile())
    }))

  test('takes what the store has, and asks nobody for it', () =>
    withThree(async ({ mirror, files, requests }) => {
      const store = await openStore(`${mirror}-home`)
      await store.blobs.put(files[0].bytes)
      const { files: filled } = await fill(mirror, files)
      assert.equal(
        filled.map(({ path, state }) => [path, state]).find(([path]) => path === files[0].path)?.[1],
        'from the store',
      )
      assert.is(requests.length, 2)
    }))

  test('a damaged file of the store does not get into the mirror', () =>
    withThree(async ({ mirror, files }) => {
      const store = await openStore(`${mirror}-home`)
      const digest = await store.blobs.put(files[0].bytes)
      writeFileSync(store.layout.blob(digest, false), noise(100_000, 9))
      await fill(mirror, files)
      assert.equal(readFileSync(join(mirror, files[0].path)), Buffer.from(files[0].bytes))
    }))

  test('has the same bytes however often and in which order it was filled', () =>
    withThree(async ({ folder, files }) => {
      const [one, two, three] = files
      const other = {
        ...three,
        source: { ...three.source, neededBy: [{ profile: 'b', package: 'x', version: '2', license: '' }] },
      }
      await fill(join(folder, 'at-once'), [one, two, other])
      await fill(join(folder, 'grown'), [other])
      await fill(join(folder, 'grown'), [two, one])
      assert.equal(contents(join(folder, 'grown')), contents(join(folder, 'at-once')))
    }))

  test('keeps files that only an older lock needs, and says that nobody needs them', () =>
    withThree(async ({ mirror, files }) => {
      const [one, two, three] = files
      await fill(mirror, [one, two, three])
      const { index } = await fill(mirror, [one])
      assert.equal(index.map(({ path, neededBy }) => [path === one.path, neededBy.length]).sort(), [
        [false, 0],
        [false, 0],
        [true, 1],
      ])
      assert.ok(existsSync(join(mirror, three.path)))
    }))

  test('names what cannot be had after everything else is there, and lists it', () =>
    withThree(async ({ mirror, files }) => {
      const absent = mirrorFile('absent', 500, { base: String(files[0].source.from[0]).replace('/one.tar', '') })
      const error = await rejects('E_FETCH', () => fill(mirror, [absent, ...files]))
      assert.is(error.message, 'absent.tar could not be fetched')
      assert.equal(Object.keys(contents(mirror)).length, 5)
      assert.match(readFileSync(join(mirror, 'index.json'), 'utf8'), absent.path)
      assert.not.match(readFileSync(join(mirror, 'SHA256SUMS'), 'utf8'), absent.path)
    }))

  test('a download that was cut off by a kill goes on where it stopped', () =>
    withFolder(async (folder) => {
      const file = mirrorFile('big', 1_000_000)
      const mirror = join(folder, 'mirror')
      const ranges: (string | undefined)[] = []
      let isFirst = true
      const stalling: RequestListener = (request, response) => {
        ranges.push(request.headers.range)
        if (!isFirst) return servingFiles([file])(request, response)
        isFirst = false
        response.writeHead(200, { 'content-length': file.bytes.length })
        response.write(file.bytes.subarray(0, 600_000))
      }
      await withServer(stalling, async ({ url }) => {
        const order = { ...file.source, from: [`${url}/big.tar`] }
        const child = startScript('fill-child.ts', mirror, JSON.stringify(order))
        while (incomingBytes(mirror) < 600_000) await new Promise((resolve) => setTimeout(resolve, 20))
        await killed(child)
        assert.not.ok(existsSync(join(mirror, file.path)))
        await fill(mirror, [{ ...file, source: order }])
        assert.equal(ranges, [undefined, 'bytes=600000-'])
        assert.equal(readFileSync(join(mirror, file.path)), Buffer.from(file.bytes))
        assert.equal(readdirSync(mirror).sort(), ['SHA256SUMS', 'index.json', 'sha256', 'sha512'])
      })
    }))

  test('killed again and again, it ends as if it had never been', () =>
    withFolder(async (folder) => {
      const file = mirrorFile('big', 2_000_000)
      const mirror = join(folder, 'mirror')
      let sent = 0
      const slow: RequestListener = (request, response) => {
        const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
        const range = { 'content-range': `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}` }
        response.writeHead(start === 0 ? 200 : 206, start === 0 ? {} : range)
        sendSlowly(response, file.bytes, start, (bytes) => {
          sent += bytes
        })
      }
      await withServer(slow, async ({ url }) => {
        const order = { ...file.source, from: [`${url}/big.tar`] }
        for (const until of [100_000, 300_000, 700_000, 1_200_000, 1_700_000]) {
          const child = startScript('fill-child.ts', mirror, JSON.stringify(order))
          while (longestIncoming(mirror) < until) await new Promise((resolve) => setTimeout(resolve, 5))
          await killed(child)
          assert.not.ok(existsSync(join(mirror, file.path)))
        }
        await fill(mirror, [{ ...file, source: order }])
        assert.equal(readFileSync(join(mirror, file.path)), Buffer.from(file.bytes))
        assert.equal(readdirSync(mirror).sort(), ['SHA256SUMS', 'index.json', 'sha256', 'sha512'])
        assert.ok(sent < 2 * file.bytes.length, `${sent} bytes were sent`)
      })
    }))

  test('a start that turns out to be wrong costs one more download, no more', () =>
    withThree(async ({ mirror, files, requests }) => {
      const [one] = files
      const incoming = join(mirror, 'incoming')
      mkdirSync(incoming, { recursive: true })
      writeFileSync(join(incoming, `${one.path.replace('/', '-')}-1-0`), noise(80_000, 11))
      await fill(mirror, [one])
      assert.is(requests.length, 2)
      assert.equal(readFileSync(join(mirror, one.path)), Buffer.from(one.bytes))
    }))

  test('a server that knows no parts, or has another file by now, does no harm', () =>
    withFolder(async (folder) => {
      const file = mirrorFile('big', 100_000)
      const whole: RequestListener = (_request, response) => void response.end(file.bytes)
      await withServer(whole, async ({ url }) => {
        const mirror = join(folder, 'mirror')
        mkdirSync(join(mirror, 'incoming'), { recursive: true })
        writeFileSync(join(mirror, 'incoming', `${file.path.replace('/', '-')}-1-0`), file.bytes.subarray(0, 70_000))
        await fill(mirror, [{ ...file, source: { ...file.source, from: [`${url}/big.tar`] } }])
        assert.equal(readFileSync(join(mirror, file.path)), Buffer.from(file.bytes))
      })
    }))

  test('two at once fill one mirror', () =>
    withThree(async ({ mirror, files }) => {
      const [one, two, three] = files
      const other = mirrorFile('one', 100_000, { profile: 'other' })
      writeFiles(mirror, [other])
      await Promise.all([fill(mirror, [two, three]), fill(mirror, [other])])
      const index = JSON.parse(readFileSync(join(mirror, 'index.json'), 'utf8'))
      assert.equal(index.files.length, 3)
      assert.is(other.path, one.path)
    }))

  test('an abort ends it, and what is complete stays', () =>
    withThree(async ({ mirror, files }) => {
      const abort = new AbortController()
      const reason = new Error('stop')
      const hanging = mirrorFile('hanging', 10)
      await withServer(
        () => undefined,
        async ({ url }) => {
          const all = [...files, { ...hanging, source: { ...hanging.source, from: [`${url}/hanging.tar`] } }]
          setTimeout(() => abort.abort(reason), 300)
          const ended = await fill(mirror, all, {}, { signal: abort.signal }).catch((error: unknown) => error)
          assert.is(ended, reason)
          assert.ok(existsSync(join(mirror, files[0].path)))
        },
      )
    }))

  test('refuses a folder that is something else', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'letter.txt'), 'mine')
      const error = await rejects('E_TARGET', () => fill(folder, threeFiles()))
      assert.match(error.message, 'is no mirror: it has letter.txt')
      assert.equal(readdirSync(folder), ['letter.txt'])
      await rejects('E_TARGET', () => fill(join(folder, 'letter.txt'), threeFiles()))
    }))

  test('says so when the folder cannot be written, and leaves nothing half-written', () =>
    withThree(({ folder, files }) =>
      asUser(folder, async () => {
        const mirror = join(folder, 'mirror')
        await fill(mirror, files.slice(0, 1))
        chmodSync(join(mirror, 'sha256'), 0o555)
        await rejects('E_TARGET', () => fill(mirror, files))
        chmodSync(join(mirror, 'sha256'), 0o755)
        await fill(mirror, files)
        assert.equal(readdirSync(mirror).sort(), ['SHA256SUMS', 'index.json', 'sha256', 'sha512'])
      }),
    ))

  test('refuses a mirror whose folders lead elsewhere', () =>
    withFolder(async (folder) => {
      for (const name of ['sha256', 'sha512', 'incoming']) {
        const [mirror, elsewhere] = [join(folder, name), join(folder, `${name}-elsewhere`)]
        mkdirSync(mirror)
        mkdirSync(elsewhere)
        symlinkSync(elsewhere, join(mirror, name))
        await rejects('E_TARGET', () => fill(mirror, threeFiles()))
        assert.equal(readdirSync(elsewhere), [])
      }
    }))

  test('refuses an index that it cannot read, and touches nothing', () =>
    withThree(async ({ mirror, files }) => {
      await fill(mirror, files)
      for (const text of ['{', '[]', '{"version":2}', '{"version":1,"files":[{"path":"../../etc/passwd"}]}']) {
        writeFileSync(join(mirror, 'index.json'), text)
        await rejects('E_MIRROR', () => fill(mirror, files))
        assert.is(readFileSync(join(mirror, 'index.json'), 'utf8'), text)
      }
      rmSync(join(mirror, 'index.json'))
      symlinkSync('/etc/passwd', join(mirror, 'index.json'))
      assert.match((await rejects('E_MIRROR', () => fill(mirror, files))).message, 'not a regular file')
      rmSync(join(mirror, 'index.json'))
      await fill(mirror, files)
    }))

  test('offline takes folders only and leaves the rest out', () =>
    withThree(async ({ mirror, folder, files, requests }) => {
      writeFiles(join(folder, 'other'), files.slice(0, 2))
      const config = { offline: true, mirrors: [join(folder, 'other')] }
      const error = await rejects('E_OFFLINE', () => fill(mirror, files, config))
      assert.is(error.fields.name, 'three.tar')
      assert.is(requests.length, 0)
      assert.ok(existsSync(join(mirror, files[1].path)))
    }))
})

/** Sends 50 kB every few milliseconds; tells how much went out. */
function sendSlowly(response: ServerResponse, bytes: Uint8Array, start: number, onSent: (bytes: number) => void): void {
  if (response.destroyed) return
  const piece = bytes.subarray(start, start + 50_000)
  if (piece.length === 0) return void response.end()
  onSent(piece.length)
  response.write(piece)
  setTimeout(() => sendSlowly(response, bytes, start + piece.length, onSent), 5)
}

function longestIncoming(mirror: string): number {
  const folder = join(mirror, 'incoming')
  if (!existsSync(folder)) return 0
  // Between the list and the look, a start that is not the longest may have been removed.
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return Math.max(0, ...sizes)
}

function incomingBytes(mirror: string): number {
  const folder = join(mirror, 'incoming')
  if (!existsSync(folder)) return 0
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}
