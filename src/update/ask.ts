import { setTimeout as wait } from 'node:timers/promises'
import { urlCandidate } from '../fetch/candidates.ts'
import { type HttpAnswer, HttpFailure, httpFailure } from '../fetch/http.ts'
import { readLocal } from '../fetch/read-local.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import type { UpdateConfig } from './config.ts'

/** What is asked for. */
export interface Question {
  /** URL, or absolute path in an archive on disk. */
  readonly url: string
  /** Bytes at most. */
  readonly bytes: number
  readonly headers: Readonly<Record<string, string>>
  /** True where a signature will tell whether the answer is right, wherever it came from. */
  readonly mayMove: boolean
}

const GONE = new Set([404, 410])

/**
 * A small file in one piece; undefined when it is not there. Throws `E_INDEX` when it cannot be had, `E_INDEX_LIMIT` when
 * it is too large or slow, `E_INDEX_REFUSED` when a redirect leads to another host or a proxied plain http.
 */
export async function ask(question: Question, config: UpdateConfig): Promise<Uint8Array | undefined> {
  if (question.url.startsWith('/')) return readFile(question)
  if (config.fetch.offline) throw new MrrlError('E_OFFLINE', `${question.url} was not asked for (offline)`)
  const { url, shown, headers } = urlCandidate(question.url, { ...question.headers })
  const limit = AbortSignal.timeout(config.limits.time)
  const signal = AbortSignal.any([config.signal, limit])
  const { retries, backoff } = config.fetch.http.options
  for (let failed = 0; ; failed++) {
    try {
      const answer = await config.fetch.http.open(url, headers, signal)
      return await read(answer, question, shown, signal)
    } catch (error) {
      config.signal.throwIfAborted()
      if (limit.aborted) throw tooMuch(shown, `it took longer than ${config.limits.time / 1000} s`)
      if (error instanceof MrrlError) throw error
      const failure = httpFailure(error)
      if (GONE.has(failure.status)) return undefined
      if (failure.status >= 300 && failure.status < 400) throw refused(shown, failure.message)
      if (!failure.mayRetry || failed >= retries) throw indexError(shown, failure.message, failure)
      await wait(Math.min(backoff.most, backoff.first * 2 ** failed), undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Like {@link ask}, for what must be there. */
export async function mustAsk(question: Question, config: UpdateConfig): Promise<Uint8Array> {
  const answer = await ask(question, config)
  if (answer === undefined) throw indexError(withoutCredentials(question.url), 'it is not there')
  return answer
}

/** An answer as JSON. */
export async function askJson(question: Question, config: UpdateConfig): Promise<unknown> {
  return parseJson(await mustAsk(question, config), question.url)
}

/** Throws `E_INDEX` for what is no JSON. */
export function parseJson(bytes: Uint8Array, url: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw indexError(withoutCredentials(url), 'its answer is not JSON', error)
  }
}

/** A member of a JSON object's own; undefined for anything else. */
export function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

export function indexError(from: string, why: string, cause?: unknown): MrrlError {
  return new MrrlError('E_INDEX', `an index cannot be used: ${why}`, { fields: { from }, cause })
}

export function tooMuch(from: string, why: string): MrrlError {
  return new MrrlError('E_INDEX_LIMIT', `an index was left: ${why}`, { fields: { from } })
}

export function refused(from: string, why: string): MrrlError {
  return new MrrlError('E_INDEX_REFUSED', `an index was refused: ${why}`, { fields: { from } })
}

/** A URL as it may be shown. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1')
}

async function read(answer: HttpAnswer, question: Question, shown: string, signal: AbortSignal): Promise<Uint8Array> {
  if (!question.mayMove && new URL(answer.url).host !== new URL(shown).host) {
    answer.discard()
    throw refused(shown, `a redirect leads to another host (${new URL(answer.url).host})`)
  }
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of answer.body) {
    signal.throwIfAborted()
    size += piece.length
    if (size > question.bytes) throw tooMuch(shown, `it sent more than ${question.bytes} bytes`)
    pieces.push(piece)
  }
  const announced = answer.header('content-length')
  if (announced !== undefined && Number(announced) !== size) throw new HttpFailure('the connection was cut', true)
  return Buffer.concat(pieces)
}

async function readFile({ url: path, bytes }: Question): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of readLocal(path)) {
      size += piece.length
      if (size > bytes) throw tooMuch(path, `it has more than ${bytes} bytes`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  } catch (error) {
    if (!(error instanceof MrrlError) || error.code !== 'E_FETCH') throw error
    if (isErrno(error.cause, 'ENOENT', 'ENOTDIR')) return undefined
    throw indexError(path, error.message, error)
  }
}
