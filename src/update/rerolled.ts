import { parseIntegrity } from '../fetch/integrity.ts'
import { parseLocation } from '../fetch/locations.ts'
import { hashOf } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { FoundFile } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import type { Published } from './checksums.ts'
import { fileNameOf } from './name-pattern.ts'
import { digestOnly, piecesOf } from './obtain.ts'
import type { UpdateSession } from './session.ts'

/** Largest file that is downloaded again to see whether it is still the same, in bytes. */
const MOST_BYTES = 64 << 20

/** Throws `E_UPDATE_REROLLED` when an index states another hash for a file at hand. Hashes of two kinds say nothing. */
export function checkStated(sources: readonly Source[], files: readonly FoundFile[]): void {
  for (const source of sources) {
    for (const { location, integrity } of files) {
      if (source.from.includes(location)) checkHash(source, integrity, location)
    }
  }
}

/** As {@link checkStated}, for published checksums. */
export function checkPublished(sources: readonly Source[], published: readonly Published[]): void {
  for (const { url, hashes } of published) {
    for (const source of sources) {
      for (const name of source.from.map(fileNameOf)) {
        const hex = hashes.get(name)
        if (hex !== undefined) checkHash(source, integrityOf(hex), url)
      }
    }
  }
}

/**
 * Downloads small files at hand once more and throws `E_UPDATE_REROLLED` when a place has other bytes now. What cannot
 * be had says nothing: the lock stands, and mirrors hold what it names.
 */
export async function checkPlaces(sources: readonly Source[], session: UpdateSession): Promise<void> {
  for (const source of sources) {
    const { algorithm, hex } = parseIntegrity(source.integrity)
    if (algorithm !== 'sha256' || source.size > MOST_BYTES) continue
    for (const location of source.from) {
      const parsed = parseLocation(location)
      if (parsed.kind !== 'url') continue
      try {
        const digest = await digestOnly(piecesOf(parsed.url, { location }, source.size, session))
        if (hashOf(digest) !== hex) throw rerolled(source, integrityOf(hashOf(digest)), location)
      } catch (error) {
        session.config.signal.throwIfAborted()
        if (!(error instanceof MrrlError)) throw error
        if (error.code === 'E_FETCH_SIZE') throw rerolled(source, `more than ${source.size} bytes`, location)
        if (error.code !== 'E_FETCH' && error.code !== 'E_INTEGRITY') throw error
      }
    }
  }
}

function checkHash(source: Source, integrity: string, from: string): void {
  const [stated, own] = [parseIntegrity(integrity), parseIntegrity(source.integrity)]
  if (stated.algorithm === own.algorithm && stated.hex !== own.hex) throw rerolled(source, integrity, from)
}

/** The error for a name that stands for other bytes now. */
export function rerolled(source: Source, got: string, from: string): MrrlError {
  const name = source.from.map(fileNameOf).find((each) => each !== '') ?? source.from[0] ?? ''
  return new MrrlError('E_UPDATE_REROLLED', `${name} was replaced by another file of the same name`, {
    fields: { from, expected: source.integrity, got },
  })
}

function integrityOf(hex: string): string {
  return `${hex.length === 64 ? 'sha256' : 'sha512'}-${Buffer.from(hex, 'hex').toString('base64')}`
}
