import { setTimeout as wait } from 'node:timers/promises'
import { MrrlError } from '../util/errors.ts'
import { type HttpAnswer, type HttpClient, HttpFailure, httpFailure } from './http.ts'
import { tooLong } from './integrity.ts'

/** What to download. */
export interface Download {
  readonly url: string
  /** File name, for messages. */
  readonly name: string
  /** Where it comes from, for messages; never with credentials. */
  readonly shown: string
  readonly headers: Readonly<Record<string, string>>
  /** Bytes expected. */
  readonly size: number
}

/** Options of {@link download}. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes at the start of the file that the caller has already, from whatever place: they are not asked for. */
  readonly have?: number
  /** Called when a part of the file is taken from a second answer, which might be another file's. */
  readonly onResume?: () => void
}

/** Pauses that a server may ask for; longer ones end the try. */
const MAX_WAIT = 120_000
/** Bytes that make a try count as having moved forward. */
const PROGRESS = 64 << 10
/** Tries in all, however far each moves. */
const MAX_TRIES = 100

interface State {
  received: number
  /** For `If-Range`, from the first answer. */
  validator: string | undefined
  hasAnswer: boolean
}

/**
 * Downloads a file piece by piece. What is cut off is resumed where it stopped; what fails is tried again after a pause.
 * A server that ends in good order with fewer bytes is believed: the check of the hash will tell.
 * Throws `E_FETCH_SIZE` as soon as more than `size` bytes are announced or come, `E_FETCH` when tries or time run out,
 * `E_INTEGRITY` when a resumed file is another by now, the signal's reason when it is aborted.
 */
export async function* download(
  client: HttpClient,
  file: Download,
  options: DownloadOptions = {},
): AsyncGenerator<Uint8Array> {
  const { retries, timeouts } = client.options
  const limit = AbortSignal.timeout(timeouts.total)
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
  const state: State = { received: options.have ?? 0, validator: undefined, hasAnswer: false }
  let failed = 0
  for (let tries = 1; ; tries++) {
    const before = state.received
    try {
      if (before > 0) options.onResume?.()
      yield* attempt(client, file, state, signal)
      return
    } catch (error) {
      options.signal?.throwIfAborted()
      if (limit.aborted) throw failure(file, `it took longer than ${timeouts.total / 1000} s`, error)
      if (error instanceof MrrlError) throw error
      const reason = httpFailure(error)
      failed = state.received - before >= PROGRESS ? 1 : failed + 1
      if (!reason.mayRetry || failed > retries || tries >= MAX_TRIES)
        throw failure(file, describe(reason, file, state), reason)
      if (reason.retryAfter > MAX_WAIT) {
        throw failure(file, `${reason.message} and asks to wait ${Math.ceil(reason.retryAfter / 1000)} s`, reason)
      }
      await wait(Math.max(reason.retryAfter, pause(client, failed)), undefined, { signal }).catch(() => undefined)
      options.signal?.throwIfAborted()
    }
  }
}

async function* attempt(
  client: HttpClient,
  file: Download,
  state: State,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const answer = await client.open(file.url, { ...file.headers, ...rangeHeaders(state) }, signal)
  if (answer.status === 416) {
    answer.discard()
    return
  }
  const start = startOf(answer, file, state)
  const announced = length(answer)
  if (announced !== undefined && start + announced > file.size) {
    answer.discard()
    throw tooLong(file.name, file.shown, file.size)
  }
  let at = start
  for await (const piece of answer.body) {
    const fresh = piece.subarray(Math.min(piece.length, Math.max(0, state.received - at)))
    at += piece.length
    if (fresh.length === 0) continue
    state.received += fresh.length
    if (state.received > file.size) throw tooLong(file.name, file.shown, file.size)
    yield fresh
  }
  // Without a length, only the closed connection ends a body: that is also what a cut looks like. RFC 9112, 6.3
  const isFramed = announced !== undefined || answer.header('transfer-encoding') !== undefined
  if (state.received < file.size && (!isFramed || at < state.received))
    throw new HttpFailure('the connection was cut', true)
}

/** Asks for the rest of the same file; a server that has another one by now sends all of it. RFC 9110, 13.1.5 */
function rangeHeaders(state: State): Record<string, string> {
  if (state.received === 0) return {}
  const range = { range: `bytes=${state.received}-` }
  return state.validator === undefined ? range : { ...range, 'if-range': state.validator }
}

/** Offset of the first byte of an answer's body. */
function startOf(answer: HttpAnswer, file: Download, state: State): number {
  if (answer.status === 206) {
    const [, start, total] = /^bytes ([0-9]+)-[0-9]+\/([0-9]+|\*)$/.exec(answer.header('content-range') ?? '') ?? []
    if (start === undefined || Number(start) !== state.received) {
      answer.discard()
      throw new HttpFailure('the server sent another part than it was asked for', false)
    }
    if (total !== undefined && total !== '*' && Number(total) > file.size) {
      answer.discard()
      throw tooLong(file.name, file.shown, file.size)
    }
    if (!state.hasAnswer) state.validator = validatorOf(answer)
    state.hasAnswer = true
    return state.received
  }
  const validator = validatorOf(answer)
  if (state.received === 0 || !state.hasAnswer) state.validator = validator
  else if (validator !== state.validator) {
    answer.discard()
    throw new MrrlError('E_INTEGRITY', `${file.name} changed while it was downloaded`, { fields: { from: file.shown } })
  }
  state.hasAnswer = true
  return 0
}

/** A strong `ETag`, else the date of the last change. */
function validatorOf(answer: HttpAnswer): string | undefined {
  const tag = answer.header('etag')
  return tag?.startsWith('"') ? tag : answer.header('last-modified')
}

function length(answer: HttpAnswer): number | undefined {
  const value = answer.header('content-length')
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined
}

/** Half of the wait is fixed and half is by chance, so that many clients do not come back at once. */
function pause(client: HttpClient, failed: number): number {
  const { backoff, random } = client.options
  return Math.min(backoff.most, backoff.first * 2 ** (failed - 1)) * (0.5 + random() / 2)
}

function describe(reason: HttpFailure, file: Download, state: State): string {
  return state.received === 0 ? reason.message : `${reason.message} after ${state.received} of ${file.size} bytes`
}

function failure(file: Download, why: string, cause: unknown): MrrlError {
  return new MrrlError('E_FETCH', why, { fields: { from: file.shown }, cause })
}
