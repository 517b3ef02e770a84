import { createHash } from 'node:crypto'
import { below, urlCandidate } from '../fetch/candidates.ts'
import { download } from '../fetch/download.ts'
import { fetchBlob } from '../fetch/fetch-source.ts'
import { parseIntegrity } from '../fetch/integrity.ts'
import { parseLocation } from '../fetch/locations.ts'
import { readLocal } from '../fetch/read-local.ts'
import { type Digest, hashOf, makeDigest, sizeOf } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { FoundFile } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { fileNameOf } from './name-pattern.ts'
import type { UpdateSession } from './session.ts'

/** A file that is new to us, in the store, and where the same bytes were found. */
export interface Obtained {
  readonly digest: Digest
  /** As the index states it where it does, else of the bytes. */
  readonly integrity: string
  /** Hosts, or folders, in the order of the locations. */
  readonly hosts: readonly string[]
}

/** One of a source's locations. */
interface Place {
  readonly location: string
  readonly host: string
  /** The same file on several mirrors, of which one is enough. */
  readonly urls: readonly string[]
}

/** How much larger a new version may be than the one before, where no index states its size. */
const GROWTH = 4
const MARGIN = 32 << 20

/**
 * Downloads a new source from all of its locations: into the store from the first that has it, and from the others to
 * compare. An archive of Debian counts only besides what an index states, or besides another location.
 * Throws `E_INTEGRITY` when two places, or a place and the index, differ; `E_FETCH*` when no place has the file.
 */
export async function obtain(
  source: Source,
  before: Source,
  stated: FoundFile | undefined,
  session: UpdateSession,
): Promise<Obtained> {
  if (session.config.fetch.offline) throw new MrrlError('E_OFFLINE', `${nameOf(source)} was not asked for (offline)`)
  const most = stated?.size ?? before.size * GROWTH + MARGIN
  let isExact = stated !== undefined
  const found: Found[] = []
  const tried: string[] = []
  if (stated?.location.startsWith('npm:')) {
    const { store, config } = session
    const { location } = stated
    const digest = await fetchBlob({ ...stated, from: [location] }, store, config.fetch, { signal: config.signal })
    found.push({ location, host: 'npm', digest })
  }
  for (const place of await placesOf(source, stated, session)) {
    const first = found[0]
    const size = { most: first === undefined ? most : sizeOf(first.digest), isExact }
    const digest = await fromPlace(place, size, first === undefined, session, tried)
    if (digest !== undefined) found.push({ ...place, digest })
    isExact ||= digest !== undefined
  }
  const [first] = found
  if (first === undefined) {
    const message = `${nameOf(source)} could not be fetched from any of its locations`
    throw new MrrlError('E_FETCH', message, { fields: { tried } })
  }
  const expected = stated?.location.startsWith('debian:') ? { ...stated, digest: digestOf(stated) } : first
  for (const other of found) if (other.digest !== expected.digest) throw differs(source, expected, other)
  const integrity = stated?.integrity ?? `sha256-${Buffer.from(hashOf(first.digest), 'hex').toString('base64')}`
  return { digest: first.digest, integrity, hosts: found.map(({ host }) => host) }
}

/** What one place had. */
interface Found {
  readonly location: string
  readonly host: string
  readonly digest: Digest
}

async function placesOf(source: Source, stated: FoundFile | undefined, session: UpdateSession): Promise<Place[]> {
  const places: Place[] = []
  const unsafe: Place[] = []
  for (const text of source.from) {
    const location = parseLocation(text)
    if (location.kind === 'url')
      places.push({ location: text, host: new URL(location.url).hostname, urls: [location.url] })
    if (location.kind !== 'debian') continue
    const mirrors = await session.config.fetch.debianMirrors()
    const urls = mirrors.map((base) => (base.startsWith('/') ? `${base}/${location.path}` : below(base, location.path)))
    const [first] = urls
    if (first === undefined) continue
    const host = first.startsWith('/') ? first : new URL(first).hostname
    ;(stated === undefined ? unsafe : places).push({ location: text, host, urls })
  }
  return places.length === 0 ? [] : [...places, ...unsafe]
}

/**
 * The digest of what a place has; undefined when it has nothing, with the reason in `tried`. Throws `E_FETCH_SIZE` for a
 * file that is far too large, or `E_INTEGRITY` where its size is known and another.
 */
async function fromPlace(
  place: Place,
  { most, isExact }: { readonly most: number; readonly isExact: boolean },
  isKept: boolean,
  session: UpdateSession,
  tried: string[],
): Promise<Digest | undefined> {
  const { location } = place
  for (const url of place.urls) {
    try {
      const pieces = piecesOf(url, place, most, session)
      return isKept ? await session.store.blobs.putStream(pieces) : await digestOnly(pieces)
    } catch (error) {
      session.config.signal.throwIfAborted()
      if (!(error instanceof MrrlError)) throw error
      if (error.code === 'E_FETCH_SIZE') {
        const what = isExact ? `the ${most} bytes that are stated` : `${most} bytes, far more than the version before`
        const message = `${fileNameOf(location)} is longer than ${what}`
        const fields = { from: location, expectedSize: most }
        const hint = isExact ? DIFFERS : 'Nothing was changed. If it is honest, write the new version into the recipe.'
        throw new MrrlError(isExact ? 'E_INTEGRITY' : 'E_FETCH_SIZE', message, { fields, hint, cause: error })
      }
      if (error.code !== 'E_FETCH' && error.code !== 'E_INTEGRITY') throw error
      tried.push(`${location}: ${error.message}`)
    }
  }
  return undefined
}

const DIFFERS = 'Nothing was changed. Find out which of the two is right before you take either.'

/** The bytes that a location has now, whatever the lock says. */
export function piecesOf(
  url: string,
  { location }: { readonly location: string },
  most: number,
  { config }: UpdateSession,
): AsyncIterable<Uint8Array> {
  if (url.startsWith('/')) return readLocal(url)
  const file = { ...urlCandidate(url, {}), name: fileNameOf(location), size: most }
  return download(config.fetch.http, file, { signal: config.signal })
}

/** Hashes without keeping. */
export async function digestOnly(pieces: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of pieces) {
    hash.update(piece)
    size += piece.length
  }
  return makeDigest(hash.digest('hex'), size)
}

function digestOf({ integrity, size }: FoundFile): Digest {
  return makeDigest(parseIntegrity(integrity).hex, size)
}

function nameOf({ from }: Source): string {
  return from.map(fileNameOf).find((name) => name !== '') ?? from[0] ?? ''
}

function differs(source: Source, a: Pick<Found, 'location' | 'digest'>, b: Found): MrrlError {
  // What an index states of a location, and what the location has, are under one name.
  const names = a.location === b.location ? ['stated', 'found'] : [a.location, b.location]
  return new MrrlError('E_INTEGRITY', `${nameOf(source)} is not the same everywhere`, {
    fields: { location: b.location, [names[0] as string]: a.digest, [names[1] as string]: b.digest },
    hint: DIFFERS,
  })
}
