import { STATUS_CODES } from 'node:http'
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'

/** How to reach servers. Times are in milliseconds. */
export interface HttpOptions {
  /** Proxies by scheme of the target, as URLs, and the hosts that need none, as in `NO_PROXY`. */
  readonly proxies: { readonly http?: string; readonly https?: string; readonly none: string }
  readonly userAgent: string
  /** Certificates (PEM) to trust instead of Node's. */
  readonly ca?: readonly string[]
  readonly timeouts: {
    readonly connect: number
    /** Until the first byte of an answer. */
    readonly answer: number
    /** Without a byte. */
    readonly stall: number
    /** One file from one location, retries included. */
    readonly total: number
  }
  /** Most redirects to follow. */
  readonly redirects: number
  /** Tries after a first that failed; a try that moves forward does not count. */
  readonly retries: number
  /** Wait before the first retry, doubled for each further one up to `most`. */
  readonly backoff: { readonly first: number; readonly most: number }
  /** Numbers from 0 to 1 that spread retries over time. */
  readonly random: () => number
}

/** Values for all that a user seldom sets. */
export const HTTP_DEFAULTS: Pick<HttpOptions, 'proxies' | 'timeouts' | 'redirects' | 'retries' | 'backoff'> = {
  proxies: { none: '' },
  timeouts: { connect: 10_000, answer: 30_000, stall: 30_000, total: 3_600_000 },
  redirects: 5,
  retries: 3,
  backoff: { first: 500, most: 20_000 },
}

/** An answer whose status is 200, 206 or 416. */
export interface HttpAnswer {
  readonly status: number
  /** Where it came from in the end, after redirects. */
  readonly url: string
  /** The header's value; the first when there are several. */
  header(name: string): string | undefined
  /** Reads the body; leaving early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>
  /** Closes the connection without reading the body. */
  discard(): void
}

/** Why a request failed, and whether another try may help. */
export class HttpFailure extends Error {
  readonly mayRetry: boolean
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number
  /** The answer's status, that of a redirect too where it may not be followed; 0 where there was no answer. */
  readonly status: number

  constructor(message: string, mayRetry: boolean, retryAfter = 0, cause?: unknown, status = 0) {
    super(message, { cause })
    this.mayRetry = mayRetry
    this.retryAfter = retryAfter
    this.status = status
  }

  /** True when no packet came back: the name could not be looked up, or nothing answered at the address. */
  get isUnreachable(): boolean {
    return this.cause instanceof Error && 'code' in this.cause && UNREACHABLE_CODES.test(String(this.cause.code))
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const WORTH_RETRYING = new Set([408, 425, 429, 500, 502, 503, 504])
const FINAL_CODES =
  /^(ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|UND_ERR_INVALID_ARG|.*CERT.*|.*TLS.*|.*SSL.*|.*SELF_SIGNED.*)$/
const UNREACHABLE_CODES =
  /^(EAI_AGAIN|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** Sends GET requests. The only user of undici. */
export class HttpClient {
  readonly options: HttpOptions
  readonly #http: Dispatcher
  readonly #https: Dispatcher
  /** How often each host could not be reached since it last answered. */
  readonly #unreached = new Map<string, number>()
  #hasNetwork = false
  /** The first request to each host, until it is answered: others wait for it, so that all of them wait only once. */
  readonly #first = new Map<string, Promise<unknown>>()

  constructor(options: HttpOptions) {
    const { proxies, timeouts } = options
    const tls = options.ca === undefined ? {} : { ca: [...options.ca] }
    // HTTP/1.1 only, where the framing of a body tells a cut from an end.
    const agent = { allowH2: false, connect: { timeout: timeouts.connect, ...tls } }
    const tunnel = { ...agent, connectTimeout: timeouts.connect, requestTls: tls }
    // Empty strings, because undici reads the environment for what is undefined. Two agents, because undici sends
    // https through the http proxy when there is no other.
    const proxied = (scheme: 'httpProxy' | 'httpsProxy', url: string): Dispatcher =>
      new EnvHttpProxyAgent({ httpProxy: '', httpsProxy: '', noProxy: proxies.none, ...tunnel, [scheme]: url })
    this.options = options
    this.#http = proxies.http === undefined ? new Agent(agent) : proxied('httpProxy', proxies.http)
    this.#https = proxies.https === undefined ? new Agent(agent) : proxied('httpsProxy', proxies.https)
  }

  /**
   * Opens a URL, following redirects: never from https to http, never to another scheme, and without credentials to
   * another origin. Throws {@link HttpFailure}, or the signal's reason.
   */
  async open(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    let at = new URL(url)
    let sent = { 'user-agent': this.options.userAgent, 'accept-encoding': 'identity', ...headers }
    for (let hops = 0; ; hops++) {
      const answer = await this.#send(at, sent, signal)
      if (!REDIRECTS.has(answer.statusCode)) return accept(answer, at.href)
      answer.body.on('error', () => undefined).destroy()
      if (hops >= this.options.redirects)
        throw new HttpFailure(`more than ${hops} redirects`, false, 0, undefined, answer.statusCode)
      const next = redirectTarget(at, answer.headers.location, answer.statusCode)
      if (next.origin !== at.origin) sent = withoutCredentials(sent)
      at = next
    }
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#https.close()])
  }

  async #send(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const dispatcher = url.protocol === 'http:' ? this.#http : this.#https
    const { answer: headersTimeout, stall: bodyTimeout } = this.options.timeouts
    const first = this.#first.get(url.host)
    // Not awaited where there is none: between here and the request nobody else may come in.
    if (first !== undefined) await first
    if (this.#isGivenUp(url)) throw new HttpFailure('the server could not be reached before', false, 0, GIVEN_UP)
    try {
      const asked = request(url, { dispatcher, headers, signal, headersTimeout, bodyTimeout })
      if (!this.#first.has(url.host))
        this.#first.set(
          url.host,
          asked.catch(() => undefined),
        )
      const answer = await asked
      this.#hasNetwork = true
      this.#unreached.delete(url.host)
      return answer
    } catch (error) {
      signal.throwIfAborted()
      const failure = httpFailure(error)
      if (!failure.isUnreachable) throw failure
      this.#unreached.set(url.host, (this.#unreached.get(url.host) ?? 0) + 1)
      throw new HttpFailure(failure.message, failure.mayRetry && !this.#isGivenUp(url), 0, error)
    }
  }

  /**
   * True for a host that is not asked again: it could not be reached as often as a file is tried; once is enough as long
   * as no host has answered, because then most likely there is no network, and every source would wait for it in turn.
   */
  #isGivenUp({ host }: URL): boolean {
    return (this.#unreached.get(host) ?? 0) > (this.#hasNetwork ? this.options.retries : 0)
  }
}

/** Cause of a failure where no packet was sent, because none came back before. */
const GIVEN_UP = Object.assign(new Error('given up'), { code: 'EHOSTUNREACH' })

/** Turns what undici throws, for a request or in a body, into an {@link HttpFailure}. */
export function httpFailure(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error && error.message !== '' ? error.message : code
  return new HttpFailure(REASONS[code] ?? message, !FINAL_CODES.test(code), 0, error)
}

/** The codes of node:dns, node:net and undici that need other words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be looked up',
  ENETUNREACH: 'there is no network',
  ENETDOWN: 'there is no network',
  EHOSTUNREACH: 'the server could not be reached',
  ETIMEDOUT: 'the server did not accept a connection in time',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'the server did not accept a connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'the server did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'the server stopped sending',
}

function accept(answer: Dispatcher.ResponseData, url: string): HttpAnswer {
  const { statusCode: status, headers, body } = answer
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const discard = (): void => void body.on('error', () => undefined).destroy()
  if (status !== 200 && status !== 206 && status !== 416) {
    discard()
    const text = `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
    throw new HttpFailure(
      text,
      WORTH_RETRYING.has(status),
      retryAfter(header('retry-after'), header('date')),
      undefined,
      status,
    )
  }
  return { status, url, header, body, discard }
}

/** Milliseconds from a `Retry-After` of seconds or a date, which is compared with the server's own clock. RFC 9110, 10.2.3 */
function retryAfter(value: string | undefined, date: string | undefined): number {
  if (value === undefined) return 0
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(date ?? '')
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}

function redirectTarget(from: URL, location: string | string[] | undefined, status: number): URL {
  const text = Array.isArray(location) ? location[0] : location
  const failure = (why: string): HttpFailure => new HttpFailure(why, false, 0, undefined, status)
  if (text === undefined || !URL.canParse(text, from.href)) throw failure('a redirect leads nowhere')
  const to = new URL(text, from)
  to.hash = ''
  to.username = ''
  to.password = ''
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to
  if (to.protocol === 'http:') throw failure(`a redirect leads from https to plain http (${to.host})`)
  throw failure(`a redirect leads to ${to.protocol}`)
}

function withoutCredentials<T extends Record<string, string>>(headers: T): T {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase()))) as T
}
