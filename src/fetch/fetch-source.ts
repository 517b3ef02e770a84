import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Digest, makeDigest, sizeOf } from '../model/digest.ts'
import type { Store } from '../store/store.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { type Candidate, candidates, type FetchSource } from './candidates.ts'
import type { FetchConfig } from './config.ts'
import { download } from './download.ts'
import { parseIntegrity, verified } from './integrity.ts'
import { fileNames } from './locations.ts'

/** Options of {@link fetchBlob}. */
export interface FetchOptions {
  readonly signal?: AbortSignal
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

/**
 * Brings one source into the store and returns its blob; costs nothing when it is there. Bytes are hashed as they come
 * and become a blob only when they are what `integrity` and `size` say.
 * When no place gives the file: `E_INTEGRITY` if one gave a wrong file, `E_OFFLINE` if not all could be tried,
 * else `E_FETCH_SIZE` or `E_FETCH`; the field `tried` lists all. Throws the signal's reason when it is aborted.
 */
export async function fetchBlob(
  source: FetchSource,
  store: Store,
  config: FetchConfig,
  options: FetchOptions = {},
): Promise<Digest> {
  const stored = await findBlob(source, store)
  if (stored !== undefined) return stored
  const failures: FetchFailure[] = []
  for await (const candidate of candidates(source, config)) {
    options.signal?.throwIfAborted()
    try {
      const digest = await tryCandidate(candidate, source, store, config, options)
      if (digest !== digestNamed(source)) await store.aliases.put(source.integrity, digest)
      return digest
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

/** The blob of a source, if the store holds it. */
export async function findBlob(source: FetchSource, store: Store): Promise<Digest | undefined> {
  const named = digestNamed(source)
  if (named !== undefined && (await store.blobs.has(named))) return named
  const digest = await store.aliases.get(source.integrity)
  return digest !== undefined && sizeOf(digest) <= source.size && (await store.blobs.has(digest)) ? digest : undefined
}

/** The blob's digest where integrity and size tell it: a SHA-256 with the exact size. */
function digestNamed({ integrity, size }: FetchSource): Digest | undefined {
  const { algorithm, hex } = parseIntegrity(integrity)
  return algorithm === 'sha256' ? makeDigest(hex, size) : undefined
}

/** Errors of one place, after which the next is tried; all others (a full disk) end the fetch. */
const PLACE_CODES = new Set(['E_FETCH', 'E_FETCH_SIZE', 'E_INTEGRITY'])

async function tryCandidate(
  candidate: Candidate,
  source: FetchSource,
  store: Store,
  config: FetchConfig,
  options: FetchOptions,
): Promise<Digest> {
  if (candidate.kind === 'none') throw new MrrlError('E_FETCH', candidate.why)
  const expected = { ...source, name: nameOf(source), from: candidate.shown }
  let resumed = false
  const run = (): Promise<Digest> => {
    const onResume = (): void => {
      resumed = true
    }
    const pieces =
      candidate.kind === 'file'
        ? readLocal(candidate.path)
        : download(config.http, { ...candidate, ...expected }, { signal: options.signal, onResume })
    return store.blobs.putStream(verified(counted(pieces, options), expected))
  }
  try {
    return await run()
  } catch (error) {
    // Two halves of different files do not fit: once more in one piece.
    if (resumed && error instanceof MrrlError && error.code === 'E_INTEGRITY') return await run()
    throw error
  }
}

async function* readLocal(path: string): AsyncGenerator<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new MrrlError('E_FETCH', 'not a regular file')
    yield* createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw new MrrlError('E_FETCH', 'not there', { cause: error })
    if (isErrno(error, 'EACCES', 'EPERM', 'EIO', 'ELOOP', 'ENAMETOOLONG')) {
      throw new MrrlError('E_FETCH', `cannot be read: ${error.code}`, { cause: error })
    }
    throw error
  }
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
  const what = offline ? 'is not in the store and was not fetched (offline)' : 'could not be fetched'
  const { algorithm, hex } = parseIntegrity(source.integrity)
  return new MrrlError(offline ? 'E_OFFLINE' : 'E_FETCH', `${name} ${what}`, {
    fields: { name, integrity: source.integrity, size: source.size, tried },
    hint: `Put the file into a folder as ${name} (or ${algorithm}/${hex}) and pass: --mirror <folder>`,
    cause,
  })
}

function nameOf(source: FetchSource): string {
  return fileNames(source.from)[0] ?? source.integrity
}
