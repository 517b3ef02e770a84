import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import * as assert from 'uvu/assert'
import { type DownloadOptions, download } from '../../src/fetch/download.ts'
import type { HttpOptions } from '../../src/fetch/http.ts'
import { collect, noise } from '../support/bytes.ts'
import { closedPort, quickClient, type TestServer, withServer } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const BYTES = Buffer.from(noise(300_000))

function get(url: string, options: DownloadOptions = {}, http: Partial<HttpOptions> = {}): Promise<Buffer> {
  const file = { url, name: 'f.tar', shown: url, headers: {}, size: BYTES.length }
  return collect(download(quickClient(http), file, options))
}

/** Answers the first requests with `first`, one each, and all others with the whole file. */
function failing(...first: RequestListener[]): RequestListener {
  let count = 0
  return (request, response) => (first[count++] ?? whole)(request, response)
}

function whole(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('etag', '"v1"').end(BYTES)
}

/** Sends the first bytes and cuts the connection. */
function cut(bytes: number, headers: Record<string, string> = { etag: '"v1"' }): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': BYTES.length, ...headers })
    response.write(BYTES.subarray(0, bytes), () => response.destroy())
  }
}

/** Answers as a server that knows ranges. */
function ranged(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=([0-9]+)-$/.exec(request.headers.range ?? '')?.[1])
  const range = `bytes ${start}-${BYTES.length - 1}/${BYTES.length}`
  response.writeHead(206, { etag: '"v1"', 'content-range': range }).end(BYTES.subarray(start))
}

function status(code: number, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => response.writeHead(code, headers).end('no')
}

async function answers(listener: RequestListener, check: (server: TestServer) => Promise<void>): Promise<void> {
  await withServer(listener, check)
}

spec('download', (test) => {
  test('sends who it is, and no wish for compression', () =>
    answers(whole, async ({ url, headers }) => {
      assert.ok((await get(`${url}/f`)).equals(BYTES))
      assert.is(headers[0]?.['user-agent'], 'mrrl-test')
      assert.is(headers[0]?.['accept-encoding'], 'identity')
    }))

  test('tries again after 503, 429 and a cut before the first byte', () =>
    answers(failing(status(503), status(429, { 'retry-after': '0' }), cut(0)), async ({ url, requests }) => {
      assert.ok((await get(`${url}/f`)).equals(BYTES))
      assert.is(requests.length, 4)
    }))

  test('waits as long as Retry-After says, as a number or a date', () =>
    answers(
      failing(
        status(503, { 'retry-after': '1' }),
        status(503, { date: 'Tue, 01 Jan 2030 00:00:00 GMT', 'retry-after': 'Tue, 01 Jan 2030 00:00:01 GMT' }),
      ),
      async ({ url }) => {
        const started = performance.now()
        assert.ok((await get(`${url}/f`)).equals(BYTES))
        assert.ok(performance.now() - started > 1900)
      },
    ))

  test('gives up when the server asks to wait for an hour', () =>
    answers(failing(status(503, { 'retry-after': '3600' })), async ({ url, requests }) => {
      const error = await rejects('E_FETCH', () => get(`${url}/f`))
      assert.match(error.message, 'asks to wait 3600 s')
      assert.is(requests.length, 1)
    }))

  test('does not try again after 404, and gives up after the last retry', async () => {
    await answers(status(404), async ({ url, requests }) => {
      assert.is((await rejects('E_FETCH', () => get(`${url}/f`))).message, 'the server answered 404 Not Found')
      assert.is(requests.length, 1)
    })
    await answers(status(500), async ({ url, requests }) => {
      await rejects('E_FETCH', () => get(`${url}/f`, {}, { retries: 2 }))
      assert.is(requests.length, 3)
    })
  })

  test('a refused connection ends at once', async () => {
    const error = await rejects('E_FETCH', async () => get(`http://127.0.0.1:${await closedPort()}/f`))
    assert.is(error.message, 'the connection was refused')
  })

  test('resumes after a cut where it stopped, if it is still the same file', () =>
    answers(failing(cut(100_000), ranged), async ({ url, headers }) => {
      let resumed = 0
      assert.ok((await get(`${url}/f`, { onResume: () => resumed++ })).equals(BYTES))
      assert.match(String(headers[1]?.range), /^bytes=[1-9][0-9]*-$/)
      assert.is(headers[1]?.['if-range'], '"v1"')
      assert.is(resumed, 1)
    }))

  test('resumes with the date of the last change when the tag is weak', () =>
    answers(
      failing(cut(100_000, { etag: 'W/"v1"', 'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT' }), ranged),
      async ({ url, headers }) => {
        assert.ok((await get(`${url}/f`)).equals(BYTES))
        assert.is(headers[1]?.['if-range'], 'Tue, 01 Jan 2030 00:00:00 GMT')
      },
    ))

  test('passes over what it has when the server sends all again', () =>
    answers(failing(cut(100_000), cut(200_000)), async ({ url, requests }) => {
      assert.ok((await get(`${url}/f`)).equals(BYTES))
      assert.is(requests.length, 3)
    }))

  test('tries that move forward do not count', () => {
    const cuts = Array.from({ length: 4 }, (_, n) => cut(70_000 * (n + 1)))
    return answers(failing(...cuts), async ({ url }) => {
      assert.ok((await get(`${url}/f`, {}, { retries: 1 })).equals(BYTES))
    })
  })

  test('refuses to join two versions of a file', () =>
    answers(failing(cut(100_000, { etag: '"v0"' })), async ({ url }) => {
      assert.match((await rejects('E_INTEGRITY', () => get(`${url}/f`))).message, 'changed while')
    }))

  test('refuses a part that it did not ask for', () => {
    const wrong: RequestListener = (_request, response) => {
      const range = `bytes 0-${BYTES.length - 1}/${BYTES.length}`
      response.writeHead(206, { 'content-range': range }).end(BYTES)
    }
    return answers(failing(cut(100_000), wrong), async ({ url }) => {
      assert.match((await rejects('E_FETCH', () => get(`${url}/f`))).message, 'another part')
    })
  })

  test('a body that only the closed connection ends, too early, is a cut', () => {
    const short: RequestListener = (_request, response) => {
      response.useChunkedEncodingByDefault = false
      response.shouldKeepAlive = false
      response.removeHeader('transfer-encoding')
      response.write(BYTES.subarray(0, 1000))
      response.end()
    }
    return answers(failing(short, short, short, short, short), async ({ url, requests }) => {
      const error = await rejects('E_FETCH', () => get(`${url}/f`))
      assert.is(error.message, 'the connection was cut after 1000 of 300000 bytes')
      assert.is(requests.length, 4)
    })
  })

  test('a whole but shorter file is passed on for the hash to refuse', () =>
    answers(
      (_request, response) => response.end('short'),
      async ({ url, requests }) => {
        assert.is((await get(`${url}/f`)).toString(), 'short')
        assert.is(requests.length, 1)
      },
    ))

  test('an endless download ends at the expected size', () => {
    const endless: RequestListener = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(BYTES));
        response.once('drain', more)
      }
      more()
    }
    return answers(endless, async ({ url }) => {
      await rejects('E_FETCH_SIZE', () => get(`${url}/f`))
    })
  })

  test('a length above the expected size is refused before a byte is read', () =>
    answers(
      (_request, response) => void response.writeHead(200, { 'content-length': BYTES.length + 1 }).flushHeaders(),
      async ({ url }) => {
        const error = await rejects('E_FETCH_SIZE', () => get(`${url}/f`))
        assert.is(error.fields.expectedSize, BYTES.length)
      },
    ))

  test('a server that falls silent is given up', async () => {
    await answers(
      () => undefined,
      async ({ url }) => {
        const error = await rejects('E_FETCH', () => get(`${url}/f`, {}, { retries: 0 }))
        assert.is(error.message, 'the server did not answer in time')
      },
    )
    const stalls: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': BYTES.length })
      response.write(BYTES.subarray(0, 10))
    }
    await answers(stalls, async ({ url }) => {
      const error = await rejects('E_FETCH', () => get(`${url}/f`, {}, { retries: 0 }))
      assert.is(error.message, 'the server stopped sending after 10 of 300000 bytes')
    })
  })

  test('a server that only drips is stopped by the total time', () => {
    const timeouts = { connect: 1000, answer: 1000, stall: 1000, total: 400 }
    const drips: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': BYTES.length })
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    }
    return answers(drips, async ({ url }) => {
      const error = await rejects('E_FETCH', () => get(`${url}/f`, {}, { timeouts }))
      assert.is(error.message, 'it took longer than 0.4 s')
    })
  })

  test('abort ends it with the reason of the signal, also while it waits', async () => {
    for (const listener of [(() => undefined) as RequestListener, status(503, { 'retry-after': '60' })]) {
      await answers(listener, async ({ url }) => {
        const reason = new Error('stop')
        const abort = new AbortController()
        setTimeout(() => abort.abort(reason), 100)
        const error = await get(`${url}/f`, { signal: abort.signal }).catch((caught: unknown) => caught)
        assert.is(error, reason)
      })
    }
  })
})
