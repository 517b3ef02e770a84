import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { FetchSource } from '../../src/fetch/candidates.ts'
import type { FetchConfig } from '../../src/fetch/config.ts'
import { fetchAll } from '../../src/fetch/fetch-all.ts'
import { fetchBlob, findBlob } from '../../src/fetch/fetch-source.ts'
import type { FetchFailure } from '../../src/fetch/first-place.ts'
import { digestOf } from '../../src/model/digest.ts'
import type { Store } from '../../src/store/store.ts'
import { noise } from '../support/bytes.ts'
import { closedPort, fetchConfig, integrityOf, withServer } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'
import { withStore } from '../support/unpack.ts'

const BYTES = Buffer.from(noise(100_000))
const HEX = digestOf(BYTES).slice(0, 64)

function source(...from: string[]): FetchSource {
  return { from, integrity: integrityOf(BYTES), size: BYTES.length }
}

/** Answers the paths of the table and 404 for others. */
function serving(files: Readonly<Record<string, Uint8Array | string>>): RequestListener {
  return (request, response) => {
    const content = files[request.url ?? '']
    if (content === undefined) response.writeHead(404).end()
    else response.end(content)
  }
}

async function withMirror<T>(
  files: Readonly<Record<string, Uint8Array>>,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  return withFolder((folder) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    return body(folder)
  })
}

/** Nothing of a failed fetch may stay behind. */
async function assertEmpty(store: Store): Promise<void> {
  assert.not.ok(await store.blobs.has(digestOf(BYTES)))
  assert.equal(readdirSync(store.layout.blobs), [])
  assert.equal(readdirSync(store.layout.tmp), [])
}

const npmOf = (url: string): FetchConfig['npm'] => ({
  registry: async (scope) => (scope === '@s' ? `${url}/scoped/` : url),
  authorization: (target) => (target.href.startsWith(url) ? 'Bearer token' : undefined),
})

spec('fetchBlob', (test) => {
  test('stores what is verified, reports progress, and asks no server again', () =>
    withServer(serving({ '/f.tar': BYTES }), ({ url, requests }) =>
      withStore(async (store) => {
        const seen: number[] = []
        const onProgress = (received: number): void => void seen.push(received)
        const from = source(`${url}/f.tar`)
        const digest = await fetchBlob(from, store, fetchConfig(), { onProgress })
        assert.is(digest, digestOf(BYTES))
        assert.is(seen.at(-1), BYTES.length)
        assert.is(await fetchBlob(from, store, fetchConfig({ offline: true })), digest)
        assert.is(requests.length, 1)
      }),
    ))

  test('finds a source that is known by sha512 again', () =>
    withServer(serving({ '/f.tar': BYTES }), ({ url, requests }) =>
      withStore(async (store) => {
        const strong = { ...source(`${url}/f.tar`), integrity: integrityOf(BYTES, 'sha512') }
        assert.is(await findBlob(strong, store), undefined)
        assert.is(await fetchBlob(strong, store, fetchConfig()), digestOf(BYTES))
        assert.is(await fetchBlob(strong, store, fetchConfig()), digestOf(BYTES))
        assert.is(requests.length, 1)
      }),
    ))

  test('a wrong file is kept out, and the error says what came', () =>
    withServer(serving({ '/f.tar': 'other' }), ({ url }) =>
      withStore(async (store) => {
        const error = await rejects('E_INTEGRITY', () => fetchBlob(source(`${url}/f.tar`), store, fetchConfig()))
        assert.is(error.message, 'f.tar is not what the lock says')
        const { from, expected, got, size, expectedSize } = error.fields
        assert.equal(
          { from, expected, got, size, expectedSize },
          {
            from: `${url}/f.tar`,
            expected: integrityOf(BYTES),
            got: integrityOf(Buffer.from('other')),
            size: 5,
            expectedSize: BYTES.length,
          },
        )
        await assertEmpty(store)
      }),
    ))

  test('a file with the right size and another hash is kept out', () =>
    withServer(serving({ '/f.tar': noise(BYTES.length, 2) }), ({ url }) =>
      withStore(async (store) => {
        await rejects('E_INTEGRITY', () => fetchBlob(source(`${url}/f.tar`), store, fetchConfig()))
        await assertEmpty(store)
      }),
    ))

  test('an endless file is kept out', () =>
    withServer(serving({ '/f.tar': Buffer.concat([BYTES, BYTES]) }), ({ url }) =>
      withStore(async (store) => {
        await rejects('E_FETCH_SIZE', () => fetchBlob(source(`${url}/f.tar`), store, fetchConfig()))
        await assertEmpty(store)
      }),
    ))

  test('the next location is tried, and the failures are told', () =>
    withServer(serving({ '/wrong/f.tar': 'other', '/right/f.tar': BYTES }), ({ url }) =>
      withStore(async (store) => {
        const failures: FetchFailure[] = []
        const from = [`http://127.0.0.1:${await closedPort()}/f.tar`, `${url}/none/f.tar`, `${url}/wrong/f.tar`]
        const onFailure = (failure: FetchFailure): void => void failures.push(failure)
        await fetchBlob(source(...from, `${url}/right/f.tar`), store, fetchConfig(), { onFailure })
        assert.equal(
          failures.map((failure) => failure.from),
          from,
        )
        assert.equal(
          failures.map(({ error }) => error.code),
          ['E_FETCH', 'E_FETCH', 'E_INTEGRITY'],
        )
      }),
    ))

  test('when all fail, the error lists every place and how to use a mirror', () =>
    withServer(serving({}), ({ url }) =>
      withStore(async (store) => {
        const config = fetchConfig({ mirrors: ['/nonexistent'] })
        const error = await rejects('E_FETCH', () => fetchBlob(source(`${url}/f%2B1.tar`), store, config))
        assert.is(error.message, 'f+1.tar could not be fetched')
        assert.equal(error.fields.tried, [
          `/nonexistent/sha256/${HEX}: not there`,
          '/nonexistent/f+1.tar: not there',
          `${url}/f%2B1.tar: the server answered 404 Not Found`,
        ])
        assert.is(error.hint, `Put the file into a folder as f+1.tar (or sha256/${HEX}) and pass: --mirror <folder>`)
      }),
    ))

  test('mirrors come first, by hash and by name, as folders and as URLs', () =>
    withServer(serving({ [`/m/sha256/${HEX}`]: BYTES, '/n/f.tar': BYTES }), ({ url, requests }) =>
      withMirror({ [`hash/sha256/${HEX}`]: BYTES, 'name/f.tar': BYTES }, async (folder) => {
        for (const mirror of [join(folder, 'hash'), join(folder, 'name'), 'name', `${url}/m/`, `${url}/n`]) {
          await withStore(async (store) => {
            const config = fetchConfig({ mirrors: [mirror], root: folder })
            assert.is(await fetchBlob(source('https://never.invalid/f.tar'), store, config), digestOf(BYTES))
          })
        }
        assert.is(requests.length, 3)
      }),
    ))

  test('a mirror with a wrong file does not stand in the way', () =>
    withServer(serving({ '/f.tar': BYTES }), ({ url }) =>
      withMirror({ 'f.tar': Buffer.from('wrong') }, (folder) =>
        withStore(async (store) => {
          await fetchBlob(source(`${url}/f.tar`), store, fetchConfig({ mirrors: [folder] }))
        }),
      ),
    ))

  test('a user name and password of a mirror are sent but never shown', () =>
    withServer(serving({}), ({ url, headers }) =>
      withStore(async (store) => {
        const config = fetchConfig({ mirrors: [url.replace('//', '//me:secret@')] })
        const error = await rejects('E_FETCH', () => fetchBlob(source('file:/none/f.tar'), store, config))
        assert.is(headers[0]?.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`)
        assert.not.match(JSON.stringify([error.message, error.fields, error.hint]), 'secret')
      }),
    ))

  test('offline takes folders and files only', () =>
    withServer(serving({ '/f.tar': BYTES }), ({ url, requests }) =>
      withMirror({ 'f.tar': BYTES }, (folder) =>
        withStore(async (store) => {
          const from = source(`${url}/f.tar`, 'debian:pool/main/f/f/f.tar', 'npm:f@1.0.0')
          const offline = fetchConfig({ offline: true, mirrors: [url] })
          const error = await rejects('E_OFFLINE', () => fetchBlob(from, store, offline))
          assert.match(error.hint, '--mirror <folder>')
          await fetchBlob(from, store, { ...offline, mirrors: [folder] })
          assert.is(requests.length, 0)
        }),
      ),
    ))

  test('file: locations are absolute or relative to the project', () =>
    withMirror({ 'sub/f.tar': BYTES }, async (root) => {
      for (const from of ['file:sub/f.tar', `file:${root}/sub/f.tar`, `file://${root}/sub/f.tar`]) {
        await withStore(async (store) => void (await fetchBlob(source(from), store, fetchConfig({ root }))))
      }
      await withStore(async (store) => {
        const error = await rejects('E_FETCH', () => fetchBlob(source('file:sub'), store, fetchConfig({ root })))
        assert.equal(error.fields.tried, ['file:sub: not a regular file'])
      })
    }))

  test.unless(missing('mkfifo'), 'a fifo is not waited for', () =>
    withFolder((root) =>
      withStore(async (store) => {
        run('mkfifo', join(root, 'f'))
        await rejects('E_FETCH', () => fetchBlob(source('file:f'), store, fetchConfig({ root })))
      }),
    ),
  )

  test('npm: takes the usual place of a tarball, with the credentials of the registry', () =>
    withServer(
      serving({ '/f/-/f-1.2.3.tgz': BYTES, '/scoped/@s/f/-/f-1.2.3.tgz': BYTES }),
      async ({ url, headers }) => {
        for (const from of ['npm:f@1.2.3', 'npm:@s/f@1.2.3']) {
          await withStore((store) => fetchBlob(source(from), store, fetchConfig({ npm: npmOf(url) })))
        }
        assert.equal(
          headers.map(({ authorization }) => authorization),
          ['Bearer token', 'Bearer token'],
        )
      },
    ))

  test('npm: else asks the registry, and keeps its credentials from another host', () =>
    withServer(serving({ '/cdn/x.tgz': BYTES }), (cdn) => {
      const metadata = { versions: { '1.2.3': { dist: { tarball: `${cdn.url}/cdn/x.tgz` } } } }
      return withServer(serving({ '/scoped/@s%2ff': JSON.stringify(metadata) }), ({ url, requests }) =>
        withStore(async (store) => {
          await fetchBlob(source('npm:@s/f@1.2.3'), store, fetchConfig({ npm: npmOf(url) }))
          assert.equal(requests, ['GET /scoped/@s/f/-/f-1.2.3.tgz', 'GET /scoped/@s%2ff'])
          assert.is(cdn.headers[0]?.authorization, undefined)
          const error = await rejects('E_FETCH', () =>
            fetchBlob(
              { ...source('npm:@s/f@9.9.9'), integrity: integrityOf(Buffer.from('x')) },
              store,
              fetchConfig({ npm: npmOf(url) }),
            ),
          )
          assert.match(String(error.fields.tried), 'it does not know @s/f@9.9.9')
        }),
      )
    }))

  test('npm: a mirror may hold what npm pack made', () =>
    withMirror({ 's-f-1.2.3.tgz': BYTES }, (folder) =>
      withStore(async (store) => {
        const config = fetchConfig({ mirrors: [folder], offline: true })
        await fetchBlob(source('npm:@s/f@1.2.3'), store, config)
      }),
    ))

  test('debian: asks the mirrors in order', () =>
    withServer(serving({ '/two/pool/main/g/gmp/gmp_6.3.0%2Bdfsg.orig.tar.xz': BYTES }), ({ url, requests }) =>
      withStore(async (store) => {
        const debianMirrors = async (): Promise<string[]> => [`${url}/one`, `${url}/two/`]
        const from = source('debian:pool/main/g/gmp/gmp_6.3.0+dfsg.orig.tar.xz')
        await fetchBlob(from, store, fetchConfig({ debianMirrors }))
        assert.is(requests.length, 2)
      }),
    ))

  test('debian: a mirror may be a folder; without any the error says so', () =>
    withMirror({ 'pool/main/f/f.tar': BYTES }, async (folder) => {
      const from = source('debian:pool/main/f/f.tar')
      await withStore(async (store) => {
        const error = await rejects('E_FETCH', () => fetchBlob(from, store, fetchConfig()))
        assert.equal(error.fields.tried, ['debian:pool/main/f/f.tar: no Debian mirror is configured'])
        await fetchBlob(from, store, fetchConfig({ debianMirrors: async () => [folder] }))
      })
    }))

  test('two halves of different files are fetched again in one piece', () => {
    let count = 0
    const changing: RequestListener = (_request, response) => {
      count++
      if (count > 1) return void response.setHeader('etag', '"new"').end(BYTES)
      response.writeHead(200, { etag: '"old"', 'content-length': BYTES.length })
      response.write(noise(70_000, 3), () => response.destroy())
    }
    return withServer(changing, ({ url }) =>
      withStore(async (store) => {
        assert.is(await fetchBlob(source(`${url}/f.tar`), store, fetchConfig()), digestOf(BYTES))
        assert.is(count, 3)
      }),
    )
  })

  test('an abort leaves nothing behind and throws its reason', () =>
    withServer(
      () => undefined,
      ({ url }) =>
        withStore(async (store) => {
          const reason = new Error('stop')
          const abort = new AbortController()
          setTimeout(() => abort.abort(reason), 100)
          const options = { signal: abort.signal }
          const work = fetchBlob(source(`${url}/f.tar`, `${url}/g.tar`), store, fetchConfig(), options)
          assert.is(await work.catch((error: unknown) => error), reason)
          await assertEmpty(store)
        }),
    ))
})

spec('fetchAll', (test) => {
  const other = Buffer.from('other file')
  const second = (from: string): FetchSource => ({ from: [from], integrity: integrityOf(other), size: other.length })

  test('fetches each source once, so many at a time', () => {
    let running = 0
    let most = 0
    const files = Array.from({ length: 8 }, (_, n) => Buffer.from(`file ${n}`))
    const slow: RequestListener = (request, response) => {
      most = Math.max(most, ++running)
      setTimeout(() => {
        running--
        response.end(files[Number(request.url?.slice(1))])
      }, 30)
    }
    return withServer(slow, ({ url, requests }) =>
      withStore(async (store) => {
        const sources = files.map((bytes, n) => ({
          from: [`${url}/${n}`],
          integrity: integrityOf(bytes),
          size: bytes.length,
        }))
        const blobs = await fetchAll([...sources, ...sources], store, fetchConfig(), { parallel: 3 })
        assert.is(requests.length, 8)
        assert.is(most, 3)
        for (const bytes of files) assert.is(blobs.get(integrityOf(bytes))?.blob, digestOf(bytes))
      }),
    )
  })

  test('one failure does not stop the others; several are told together', () =>
    withServer(serving({ '/g.tar': other }), ({ url }) =>
      withStore(async (store) => {
        const one = [source(`${url}/f.tar`), second(`${url}/g.tar`)]
        const error = await rejects('E_FETCH', () => fetchAll(one, store, fetchConfig(), { parallel: 1 }))
        assert.is(error.message, 'f.tar could not be fetched')
        assert.ok(await store.blobs.has(digestOf(other)))
        const two = [source(`${url}/f.tar`), { ...second(`${url}/h.tar`), integrity: integrityOf(Buffer.from('h')) }]
        const both = await rejects('E_FETCH', () => fetchAll(two, store, fetchConfig()))
        assert.is(both.message, '2 of 2 sources could not be fetched')
        assert.equal(both.fields.failed, [
          `E_FETCH f.tar could not be fetched: ${url}/f.tar: the server answered 404 Not Found`,
          `E_FETCH h.tar could not be fetched: ${url}/h.tar: the server answered 404 Not Found`,
        ])
      }),
    ))
})
