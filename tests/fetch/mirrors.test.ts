import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { Bundle } from '../../src/fetch/bundle.ts'
import type { FetchSource } from '../../src/fetch/candidates.ts'
import type { FetchConfig } from '../../src/fetch/config.ts'
import { fetchAll } from '../../src/fetch/fetch-all.ts'
import { fetchBlob } from '../../src/fetch/fetch-source.ts'
import type { FetchFailure } from '../../src/fetch/first-place.ts'
import { digestOf } from '../../src/model/digest.ts'
import type { MrrlError } from '../../src/util/errors.ts'
import { noise } from '../support/bytes.ts'
import { fetchConfig, integrityOf, quickClient, withServer } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withCertificate } from '../support/tls.ts'
import { missing, run, withFolder } from '../support/tools.ts'
import { withStore } from '../support/unpack.ts'

const BYTES = Buffer.from(noise(100_000))
const OTHER = Buffer.from(noise(100_000, 2))

/** `sha256/<hex>`, where a mirror has these bytes. */
function hashPath(bytes: Uint8Array): string {
  return `sha256/${createHash('sha256').update(bytes).digest('hex')}`
}

function source(bytes: Uint8Array, ...from: string[]): FetchSource {
  return { from: from.length === 0 ? ['file:/none/f.tar'] : from, integrity: integrityOf(bytes), size: bytes.length }
}

function write(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Fetches into an empty store and returns what each place answered before the right one. */
async function failuresOf(wanted: FetchSource, config: Partial<FetchConfig>): Promise<FetchFailure[]> {
  const failures: FetchFailure[] = []
  await withStore((store) =>
    fetchBlob(wanted, store, fetchConfig(config), { onFailure: (failure) => void failures.push(failure) }),
  )
  return failures
}

function rejected(wanted: FetchSource, config: Partial<FetchConfig>): Promise<MrrlError> {
  return withStore((store) => rejects('E_FETCH', () => fetchBlob(wanted, store, fetchConfig(config))))
}

spec('mirrors', (test) => {
  test('a link out of a mirror is not followed: a file, a folder, by hash and by name', () =>
    withFolder(async (folder) => {
      const outside = write(join(folder, 'outside'), { [hashPath(BYTES)]: BYTES, 'f.tar': BYTES })
      const mirror = write(join(folder, 'mirror'), { 'sha256/x': '' })
      symlinkSync(join(outside, 'f.tar'), join(mirror, 'f.tar'))
      symlinkSync(join(outside, hashPath(BYTES)), join(mirror, hashPath(BYTES)))
      const error = await rejected(source(BYTES), { mirrors: [mirror] })
      const reason = 'a link that leads out of the mirror, which is not followed'
      assert.equal((error.fields.tried as string[]).slice(0, 2), [
        `${mirror}/${hashPath(BYTES)}: ${reason}`,
        `${mirror}/f.tar: ${reason}`,
      ])
      const linked = write(join(folder, 'linked'), {})
      mkdirSync(linked)
      symlinkSync(join(outside, 'sha256'), join(linked, 'sha256'))
      assert.match(String((await rejected(source(BYTES), { mirrors: [linked] })).fields.tried), reason)
    }))

  test('a secret of this machine is not hashed through a link', () =>
    withFolder(async (folder) => {
      const mirror = write(join(folder, 'mirror'), { 'sha256/x': '' })
      symlinkSync('/etc/passwd', join(mirror, 'f.tar'))
      const error = await rejected(source(BYTES), { mirrors: [mirror] })
      const hash = createHash('sha256').update(readFileSync('/etc/passwd')).digest('base64')
      assert.not.match(JSON.stringify([error.message, error.fields]), hash)
    }))

  test('links within a mirror are followed, and so is a link to the mirror itself', () =>
    withFolder(async (folder) => {
      const mirror = write(join(folder, 'mirror'), { [hashPath(BYTES)]: BYTES })
      symlinkSync(hashPath(BYTES), join(mirror, 'f.tar'))
      symlinkSync(mirror, join(folder, 'alias'))
      assert.equal(await failuresOf(source(BYTES), { mirrors: [join(folder, 'alias')] }), [])
      renameSync(join(mirror, hashPath(BYTES)), join(mirror, 'sha256/other'))
      symlinkSync('other', join(mirror, hashPath(BYTES)))
      assert.equal(await failuresOf(source(BYTES), { mirrors: [mirror] }), [])
    }))

  test('a wrong, truncated, too long or swapped file is named, and the next place is tried', () =>
    withFolder(async (folder) => {
      const right = write(join(folder, 'right'), { [hashPath(BYTES)]: BYTES })
      for (const [code, content] of [
        ['E_INTEGRITY', OTHER],
        ['E_INTEGRITY', BYTES.subarray(0, 99_999)],
        ['E_INTEGRITY', ''],
        ['E_FETCH_SIZE', Buffer.concat([BYTES, OTHER])],
      ] as const) {
        const wrong = write(join(folder, 'wrong'), { [hashPath(BYTES)]: content })
        const [first, ...others] = await failuresOf(source(BYTES), { mirrors: [wrong, right], offline: true })
        assert.equal([first?.from, first?.error.code], [join(wrong, hashPath(BYTES)), code])
        assert.ok(others.every(({ error }) => error.code === 'E_FETCH'))
      }
    }))

  test('when no other place has the file, the error is that of the wrong one', () =>
    withFolder(async (folder) => {
      const wrong = write(folder, { [hashPath(BYTES)]: OTHER })
      await withStore((store) =>
        rejects('E_INTEGRITY', () => fetchBlob(source(BYTES), store, fetchConfig({ mirrors: [wrong], offline: true }))),
      )
    }))

  test('an index that is stale, wrong or hostile is not even read', () =>
    withFolder(async (folder) => {
      const mirror = write(folder, { [hashPath(BYTES)]: BYTES, 'index.json': '{"files":[{"path":"../../x"}]}' })
      assert.equal(await failuresOf(source(BYTES), { mirrors: [mirror] }), [])
    }))

  test('several are tried in their order: folders, servers and bundles', () =>
    withFolder(async (folder) => {
      const empty = write(join(folder, 'empty'), { 'index.json': '{}' })
      const packed = write(join(folder, 'packed'), { [hashPath(BYTES)]: BYTES })
      run('tar', '-cf', join(folder, 'packed.tar'), '-C', packed, '.')
      const nothing: RequestListener = (_request, response) => void response.writeHead(404).end()
      await withServer(nothing, async ({ url }) => {
        const mirrors = [empty, url, new Bundle(join(folder, 'packed.tar'))]
        const places = (await failuresOf(source(BYTES), { mirrors })).map(({ from }) => from)
        const names = [hashPath(BYTES), 'f.tar']
        assert.equal(places, [...names.map((name) => join(empty, name)), ...names.map((name) => `${url}/${name}`)])
      })
    }))

  test.unless(missing('busybox'), 'a plain static web server is enough', () =>
    withFolder(async (folder) => {
      const mirror = write(folder, { [hashPath(BYTES)]: BYTES })
      const serving: RequestListener = (request, response) =>
        void response.end(run('cat', join(mirror, request.url ?? '')))
      await withServer(serving, async ({ url }) => {
        assert.equal(await failuresOf(source(BYTES), { mirrors: [`${url}/`] }), [])
      })
    }),
  )
})

spec('redirects of sources', (test) => {
  test.unless(missing('openssl'), 'from https to http or to a file are not followed', () =>
    withFolder((folder) =>
      withCertificate(async (tls) => {
        const secret = join(write(folder, { 'f.tar': BYTES }), 'f.tar')
        const serving: RequestListener = (_request, response) => void response.end(BYTES)
        await withServer(serving, async (plain) => {
          for (const [target, says] of [
            [`${plain.url}/f.tar`, /a redirect leads from https to plain http/],
            [`file://${secret}`, /a redirect leads to file:/],
            [`data:,${BYTES.toString('base64').slice(0, 9)}`, /a redirect leads to data:/],
          ] as const) {
            const redirecting: RequestListener = (_request, response) =>
              void response.writeHead(302, { location: target }).end()
            await withServer(
              redirecting,
              async ({ url }) => {
                const http = quickClient({ ca: [tls.cert] })
                const at = await rejected(source(BYTES, `${url}/f.tar`), { http })
                assert.match(String(at.fields.tried), says)
                const mirrored = await rejected(source(BYTES, 'file:/none/f.tar'), { http, mirrors: [url] })
                assert.match(String(mirrored.fields.tried), says)
              },
              tls,
            )
          }
          assert.is(plain.requests.length, 0)
        })
      }),
    ),
  )

  test('a registry that names a file of this machine is not believed', () =>
    withFolder(async (folder) => {
      const secret = join(write(folder, { 'f.tar': BYTES }), 'f.tar')
      for (const tarball of [`file://${secret}`, secret, `../../${secret}`, 'ftp://localhost/f']) {
        const metadata = JSON.stringify({ versions: { '1.0.0': { dist: { tarball } } } })
        const registry: RequestListener = (request, response) =>
          request.url === '/f' ? void response.end(metadata) : void response.writeHead(404).end()
        await withServer(registry, async ({ url }) => {
          const npm = { registry: async () => url, authorization: () => undefined }
          const error = await rejected(source(BYTES, 'npm:f@1.0.0'), { npm })
          assert.match(String(error.fields.tried), /the npm registry was asked, but it/)
        })
      }
    }))
})

spec('Bundle', (test) => {
  /** A tar, packed as its name says, with these files. */
  function pack(folder: string, name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
    const content = write(join(folder, `${name}-content`), files)
    run('tar', '-caf', join(folder, name), '-C', content, '.')
    return join(folder, name)
  }

  test.unless(missing('tar', 'zstd', 'xz'), 'is read plain and packed, and with a folder around it', () =>
    withFolder(async (folder) => {
      for (const name of ['a.tar', 'a.tar.gz', 'a.tar.xz', 'a.tar.zst']) {
        for (const base of ['', 'mirror/', 'deep/er/']) {
          const path = pack(folder, name, { [`${base}${hashPath(BYTES)}`]: BYTES, 'other/f.tar': OTHER })
          assert.equal(await failuresOf(source(BYTES), { mirrors: [new Bundle(path)], offline: true }), [])
        }
      }
    }),
  )

  test('gives what many ask for at once, and the same file twice', () =>
    withFolder(async (folder) => {
      const all = Array.from({ length: 12 }, (_, n) => Buffer.from(noise(50_000, n + 20)))
      const path = pack(folder, 'a.tar', Object.fromEntries(all.map((bytes) => [hashPath(bytes), bytes])))
      const bundle = new Bundle(path)
      await withStore(async (store) => {
        const config = fetchConfig({ mirrors: [bundle], offline: true })
        const found = await fetchAll(
          all.map((bytes) => source(bytes)),
          store,
          config,
          { parallel: 12 },
        )
        for (const bytes of all) assert.is(found.get(integrityOf(bytes))?.blob, digestOf(bytes))
      })
      const name = hashPath(all[0] as Buffer)
      const sizes = await Promise.all([1, 2, 3].map(() => bundle.read(name, sizeOf)))
      assert.equal(sizes, [50_000, 50_000, 50_000])
    }))

  test('a file that it lacks, that is wrong in it, or behind damage is looked for elsewhere', () =>
    withFolder(async (folder) => {
      const right = write(join(folder, 'right'), { [hashPath(BYTES)]: BYTES })
      const reasonWith = async (path: string): Promise<string> => {
        const [first] = await failuresOf(source(BYTES), { mirrors: [new Bundle(path), right], offline: true })
        assert.is(first?.from, `${path}!${hashPath(BYTES)}`)
        return `${first?.error.code} ${first?.error.message}`
      }
      assert.is(await reasonWith(pack(folder, 'lacks.tar', { [hashPath(OTHER)]: OTHER })), 'E_FETCH not there')
      assert.match(await reasonWith(pack(folder, 'wrong.tar', { [hashPath(BYTES)]: OTHER })), /^E_INTEGRITY /)
      const cut = pack(folder, 'cut.tar', { [hashPath(BYTES)]: BYTES })
      truncateSync(cut, 50_000)
      assert.match(await reasonWith(cut), /^E_FETCH cut\.tar: is cut off/)
      writeFileSync(join(folder, 'text.tar'), 'no archive')
      assert.match(await reasonWith(join(folder, 'text.tar')), /^E_FETCH text\.tar: /)
      assert.match(await reasonWith(join(folder, 'none.tar')), /^E_FETCH not there/)
    }))

  test('a link or an escaping path in it is never followed', () =>
    withFolder(async (folder) => {
      const content = write(join(folder, 'content'), { 'sha256/x': '' })
      symlinkSync('/etc/passwd', join(content, hashPath(BYTES)))
      run('tar', '-cf', join(folder, 'link.tar'), '-C', content, '.')
      const error = await rejected(source(BYTES), { mirrors: [new Bundle(join(folder, 'link.tar'))] })
      assert.match(String(error.fields.tried), 'not there')
    }))

  test('a failure of whoever reads does not end the pass for others', () =>
    withFolder(async (folder) => {
      const bundle = new Bundle(pack(folder, 'a.tar', { [hashPath(BYTES)]: BYTES, [hashPath(OTHER)]: OTHER }))
      const failing = bundle.read(hashPath(BYTES), () => Promise.reject(new Error('full')))
      const [first, second] = await Promise.allSettled([failing, bundle.read(hashPath(OTHER), sizeOf)])
      assert.equal([first.status, second], ['rejected', { status: 'fulfilled', value: OTHER.length }])
    }))
})

async function sizeOf(content: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const piece of content) size += piece.length
  return size
}
