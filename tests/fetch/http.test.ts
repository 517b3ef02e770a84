import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { HttpFailure, type HttpOptions } from '../../src/fetch/http.ts'
import { collect } from '../support/bytes.ts'
import { quickClient, type TestServer, withServer } from '../support/http-server.ts'
import { spec } from '../support/spec.ts'
import { withCertificate } from '../support/tls.ts'
import { missing } from '../support/tools.ts'

async function get(
  url: string,
  headers: Record<string, string> = {},
  http: Partial<HttpOptions> = {},
): Promise<string> {
  const answer = await quickClient(http).open(url, headers, new AbortController().signal)
  return (await collect(answer.body)).toString()
}

async function fails(says: RegExp, body: () => Promise<unknown>): Promise<HttpFailure> {
  try {
    await body()
  } catch (error) {
    assert.instance(error, HttpFailure)
    assert.match((error as HttpFailure).message, says)
    return error as HttpFailure
  }
  throw new Error('expected a failure')
}

/** Redirects `/to?<target>` to the target, answers anything else with its path. */
const redirecting: RequestListener = (request, response) => {
  const [path = '', target] = (request.url ?? '').split('?')
  if (path === '/to' && target !== undefined) response.writeHead(302, { location: decodeURIComponent(target) }).end()
  else response.end(path)
}

function to(target: string): string {
  return `/to?${encodeURIComponent(target)}`
}

/** A server of https, and the certificate to trust. */
function withTls(body: (server: TestServer, ca: readonly string[]) => Promise<void>): Promise<void> {
  return withCertificate((tls) => withServer(redirecting, (server) => body(server, [tls.cert]), tls))
}

spec('HttpClient', (test) => {
  test('follows redirects, relative ones too', () =>
    withServer(redirecting, async ({ url, requests }) => {
      assert.is(await get(`${url}${to(`${url}${to('/end')}`)}`), '/end')
      assert.is(requests.length, 3)
    }))

  test('stops after five redirects, and at those that lead nowhere', () =>
    withServer(redirecting, async ({ url, requests }) => {
      const loop = (_: unknown, response: Parameters<RequestListener>[1]): void =>
        void response.writeHead(301, { location: '/again' }).end()
      await withServer(loop, async (looping) => {
        await fails(/more than 5 redirects/, () => get(`${looping.url}/`))
        assert.is(looping.requests.length, 6)
      })
      await fails(/leads nowhere/, () => get(`${url}${to('http://[')}`))
      assert.is(requests.length, 1)
    }))

  test('never follows a redirect to another scheme', () =>
    withServer(redirecting, async ({ url }) => {
      for (const target of ['file:///etc/passwd', 'ftp://localhost/x', 'data:,x', 'javascript:1']) {
        await fails(/redirect leads to/, () => get(`${url}${to(target)}`))
      }
    }))

  test('credentials stay with their origin, also when a redirect comes back', () =>
    withServer(redirecting, (other) =>
      withServer(redirecting, async ({ url, headers }) => {
        const secret = { authorization: 'Bearer secret', cookie: 'secret' }
        await get(`${url}${to('/same')}`, secret)
        assert.equal(
          headers.map(({ authorization }) => authorization),
          ['Bearer secret', 'Bearer secret'],
        )
        await get(`${url}${to(`${other.url}${to(`${url}/back`)}`)}`, secret)
        assert.not.match(JSON.stringify([other.headers, headers[3]]), 'secret')
      }),
    ))

  test('a redirect cannot bring credentials of its own', () =>
    withServer(redirecting, async ({ url, headers, port }) => {
      await get(`${url}${to(`http://user:secret@127.0.0.1:${port}/x`)}`)
      assert.not.match(JSON.stringify(headers), /authorization/i)
    }))

  test.unless(missing('openssl'), 'https is verified, and never left for http', () =>
    withTls((secure, ca) =>
      withServer(redirecting, async (plain) => {
        assert.is(await get(`${secure.url}/x`, {}, { ca }), '/x')
        const failure = await fails(/self.signed certificate/i, () => get(`${secure.url}/x`))
        assert.not.ok(failure.mayRetry)
        await fails(/from https to plain http/, () => get(`${secure.url}${to(`${plain.url}/x`)}`, {}, { ca }))
        assert.is(await get(`${plain.url}${to(`${secure.url}/up`)}`, {}, { ca }), '/up')
        assert.is(plain.requests.length, 1)
      }),
    ),
  )

  test('a host that cannot be reached is waited for once, as long as no other has answered', () =>
    withServer(redirecting, async ({ url }) => {
      const client = quickClient({ timeouts: { connect: 100, answer: 1000, stall: 1000, total: 60_000 }, retries: 1 })
      const open = (at: string): Promise<HttpFailure> =>
        fails(/./, async () => void (await client.open(at, {}, new AbortController().signal)))
      // Set aside for documentation, RFC 3849: nobody answers, or there is no way there.
      const nowhere = 'http://[2001:db8::1]/'
      const both = await Promise.all([open(nowhere), open(nowhere)])
      assert.equal(
        both.map(({ isUnreachable, mayRetry }) => [isUnreachable, mayRetry]),
        [
          [true, false],
          [true, false],
        ],
      )
      assert.equal(both.filter(({ message }) => message === 'the server could not be reached before').length, 1)
      assert.match((await open(nowhere)).message, 'could not be reached before')
      // Now there is a network: it is tried as often as any other.
      ;(await client.open(url, {}, new AbortController().signal)).discard()
      assert.not.match((await open(nowhere)).message, 'before')
      assert.match((await open(nowhere)).message, 'before')
    }))

  test('plain http goes through its proxy, but for the hosts that need none', () =>
    withServer(redirecting, (target) =>
      withServer(
        (request, response) => response.end(`proxied ${request.url}`),
        async (proxy) => {
          const url = `${target.url}/x`
          const http = proxy.url.replace('//', '//user:p%40ss@')
          assert.is(await get(url, {}, { proxies: { http, none: '' } }), `proxied ${url}`)
          const credentials = Buffer.from('user:p@ss').toString('base64')
          assert.is(proxy.headers[0]?.['proxy-authorization'], `Basic ${credentials}`)
          assert.is(await get(url, {}, { proxies: { http, none: 'localhost,127.0.0.1' } }), '/x')
          assert.is(await get(url, {}, { proxies: { https: proxy.url, none: '' } }), '/x')
          assert.is(proxy.requests.length, 1)
        },
      ),
    ))

  test.unless(missing('openssl'), 'https goes through a tunnel of its proxy', () =>
    withTls((secure, ca) =>
      withServer(
        (_request, response) => response.writeHead(500).end(),
        async (proxy) => {
          const tunnels: string[] = []
          proxy.server.on('connect', (request, socket) => {
            tunnels.push(String(request.url))
            const upstream = connect(secure.port, '127.0.0.1', () => {
              socket.write('HTTP/1.1 200 OK\r\n\r\n')
              upstream.pipe(socket).pipe(upstream)
            })
            socket.on('error', () => upstream.destroy())
            upstream.on('error', () => socket.destroy())
          })
          const client = quickClient({ ca, proxies: { https: proxy.url, http: proxy.url, none: '' } })
          const answer = await client.open(`${secure.url}/x`, { authorization: 'secret' }, new AbortController().signal)
          assert.is((await collect(answer.body)).toString(), '/x')
          await client.close()
          assert.equal(tunnels, [`127.0.0.1:${secure.port}`])
          assert.not.match(JSON.stringify(proxy.headers), 'secret')
        },
      ),
    ),
  )

  test('the environment of the process is not asked for a proxy', () =>
    withServer(redirecting, async ({ url }) => {
      const before = process.env.http_proxy
      process.env.http_proxy = 'http://127.0.0.1:1'
      try {
        assert.is(await get(`${url}/x`), '/x')
        assert.is(await get(`${url}/x`, {}, { proxies: { https: 'http://127.0.0.1:1', none: '' } }), '/x')
      } finally {
        if (before === undefined) delete process.env.http_proxy
        else process.env.http_proxy = before
      }
    }))
})
