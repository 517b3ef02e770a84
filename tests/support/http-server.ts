import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FetchConfig } from '../../src/fetch/config.ts'
import { HTTP_DEFAULTS, HttpClient, type HttpOptions } from '../../src/fetch/http.ts'

/** A server on loopback. */
export interface TestServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** `<method> <path>` of all requests so far. */
  readonly requests: string[]
  /** Headers of all requests so far. */
  readonly headers: IncomingMessage['headers'][]
  readonly server: Server
}

/** Runs `body` with a server that answers with `handler`, over TLS when there is a `tls` key and certificate. */
export async function withServer<T>(
  handler: RequestListener,
  body: (server: TestServer) => Promise<T>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<T> {
  const requests: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    handler(request, response)
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await body({
      url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
      port,
      requests,
      headers,
      server,
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** A port of loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  return withServer(
    () => undefined,
    async ({ port }) => port,
  )
}

/** A client that loses no time. */
export function quickClient(options: Partial<HttpOptions> = {}): HttpClient {
  return new HttpClient({
    ...HTTP_DEFAULTS,
    userAgent: 'mrrl-test',
    timeouts: { connect: 2000, answer: 1000, stall: 1000, total: 60_000 },
    backoff: { first: 5, most: 20 },
    random: () => 0.5,
    ...options,
  })
}

/** A configuration that knows of no server at all. */
export function fetchConfig(options: Partial<FetchConfig> = {}): FetchConfig {
  return {
    mirrors: [],
    debianMirrors: async () => [],
    npm: { registry: () => Promise.reject(new Error('no registry in this test')), authorization: () => undefined },
    offline: false,
    root: '/',
    http: quickClient(),
    ...options,
  }
}

/** Integrity of bytes. */
export function integrityOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`
}
