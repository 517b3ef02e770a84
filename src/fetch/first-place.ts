import { MrrlError } from '../util/errors.ts'
import { type Candidate, candidates, type FetchSource } from './candidates.ts'
import type { FetchConfig } from './config.ts'
import { download } from './download.ts'
import { HttpFailure } from './http.ts'
import { parseIntegrity, verified } from './integrity.ts'
import { fileNames } from './locations.ts'
import { readInside, readLocal } from './read-local.ts'

/** Options of {@link fromFirstPlace}. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes of the file that have come so far; starts again when another place is tried. */
  readonly onProgress?: (received: number) => void
  /** A place that did not have the right file, while others are still to be tried. */
  readonly onFailure?: (failure: FetchFailure) => void
}

/** Why one place did not give the file. */
export interface FetchFailure {
  /** Path or URL, without credentials. */
  readonly from: string
  readonly error: MrrlError
}

/** What takes the bytes of a file. */
export interface Keeper<T> {
  /** Keeps what has been verified by the time the stream ends; what throws before was not the file. */
  readonly keep: (pieces: AsyncIterable<Uint8Array>) => Promise<T>
  /** The start of the file from a download that was cut off earlier; asked for before each download. */
  readonly start: () => Promise<FileStart | undefined>
}

/** The start of a file, which may be right. */
export interface FileStart {
  /** Bytes. */
  readonly size: number
  readonly pieces: () => AsyncIterable<Uint8Array>
}

/** A file that was found, and where. */
export interface Found<T> {
  readonly kept: T
  /** Path or URL, without credentials. */
  readonly from: string
}

/**
 * Gives the bytes of a source to `keeper`, from the first place that has them. They are hashed as they come.
 * When no place gives the file: `E_INTEGRITY` if one gave a wrong file, `E_OFFLINE` if not all could be tried,
 * else `E_FETCH_SIZE` or `E_FETCH`; the field `tried` lists all. Throws the signal's reason when it is aborted.
 */
export async function fromFirstPlace<T>(
  source: FetchSource,
  config: FetchConfig,
  keeper: Keeper<T>,
  options: FetchOptions,
): Promise<Found<T>> {
  const failures: FetchFailure[] = []
  for await (const candidate of candidates(source, config)) {
    options.signal?.throwIfAborted()
    try {
      return { kept: await tryCandidate(candidate, source, config, keeper, options), from: candidate.shown }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof MrrlError) || !PLACE_CODES.has(error.code)) throw error
      const failure = { from: candidate.shown, error }
      failures.push(failure)
      options.onFailure?.(failure)
    }
  }
  throw allFailed(source, failures, config.offline)
}

/** File name of a source, for people. */
export function nameOf(source: FetchSource): string {
  return fileNames(source.from)[0] ?? source.integrity
}

/** Errors of one place, after which the next is tried; all others (a full disk) end the fetch. */
const PLACE_CODES = new Set(['E_FETCH', 'E_FETCH_SIZE', 'E_INTEGRITY'])

async function tryCandidate<T>(
  candidate: Candidate,
  source: FetchSource,
  config: FetchConfig,
  { keep, start }: Keeper<T>,
  options: FetchOptions,
): Promise<T> {
  if (candidate.kind === 'none') throw new MrrlError('E_FETCH', candidate.why)
  const expected = { ...source, name: nameOf(source), from: candidate.shown }
  const take = (pieces: AsyncIterable<Uint8Array>): Promise<T> => keep(verified(counted(pieces, options), expected))
  if (candidate.kind === 'bundled') return candidate.bundle.read(candidate.name, take)
  if (candidate.kind === 'mirrored') return take(readInside(candidate.folder, candidate.path))
  if (candidate.kind === 'file') return take(readLocal(candidate.path))
  let resumed = false
  const onResume = (): void => {
    resumed = true
  }
  const file = { ...candidate, ...expected }
  try {
    const begun = await start()
    const from = { signal: options.signal, onResume }
    if (begun === undefined) return await take(download(config.http, file, from))
    return await take(joined(begun, download(config.http, file, { ...from, have: begun.size })))
  } catch (error) {
    // Two halves of different files do not fit: once more in one piece.
    if (!resumed || !(error instanceof MrrlError) || error.code !== 'E_INTEGRITY') throw error
    return await take(download(config.http, file, { signal: options.signal }))
  }
}

async function* joined(start: FileStart, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* start.pieces()
  yield* rest
}

async function* counted(pieces: AsyncIterable<Uint8Array>, options: FetchOptions): AsyncGenerator<Uint8Array> {
  let received = 0
  for await (const piece of pieces) {
    options.signal?.throwIfAborted()
    received += piece.length
    options.onProgress?.(received)
    yield piece
  }
}

function allFailed(source: FetchSource, failures: readonly FetchFailure[], offline: boolean): MrrlError {
  const name = nameOf(source)
  const worst =
    failures.find(({ error }) => error.code === 'E_INTEGRITY') ??
    failures.find(({ error }) => !offline && error.code === 'E_FETCH_SIZE')
  const tried = failures.map(({ from, error }) => `${from}: ${error.message}`)
  const cause = worst?.error ?? failures.at(-1)?.error
  if (worst !== undefined) {
    return new MrrlError(worst.error.code, worst.error.message, { fields: { ...worst.error.fields, tried }, cause })
  }
  const fields = { name, integrity: source.integrity, size: source.size, tried }
  if (!offline && isCutOff(failures)) {
    return new MrrlError('E_FETCH', `${name} could not be fetched: no server could be reached`, {
      fields,
      hint: 'Without a network, use a mirror (made elsewhere with: mrrl mirror <folder>): --offline --mirror <folder>',
      cause,
    })
  }
  const what = offline ? 'is not in the store and was not fetched (offline)' : 'could not be fetched'
  const { algorithm, hex } = parseIntegrity(source.integrity)
  return new MrrlError(offline ? 'E_OFFLINE' : 'E_FETCH', `${name} ${what}`, {
    fields,
    hint: `Put the file into a folder as ${name} (or ${algorithm}/${hex}) and pass: --mirror <folder>`,
    cause,
  })
}

/** True when servers were asked and not one sent a packet back. */
function isCutOff(failures: readonly FetchFailure[]): boolean {
  const servers = failures.map(({ error }) => error.cause).filter((cause) => cause instanceof HttpFailure)
  return servers.length > 0 && servers.every(({ isUnreachable }) => isUnreachable)
}
