import ssri from 'ssri'
import { MrrlError } from '../util/errors.ts'

/** A Subresource Integrity value with one hash. */
export interface Integrity {
  readonly algorithm: 'sha256' | 'sha512'
  /** The hash in lower-case hex digits. */
  readonly hex: string
  /** As written: `sha256-<base64>`. */
  readonly text: string
}

/** What a stream is expected to be. */
export interface Expected {
  /** File name, for messages. */
  readonly name: string
  /** Where the bytes come from, for messages. */
  readonly from: string
  readonly integrity: string
  /** Bytes at most. */
  readonly size: number
}

const LENGTHS = { sha256: 64, sha512: 128 } as const

/** Reads `sha256-…` or `sha512-…`; weaker hashes and lists are refused. Throws `E_RECIPE_INVALID`. */
export function parseIntegrity(text: string): Integrity {
  const hash = /^sha(256|512)-[A-Za-z0-9+/]+={0,2}$/.test(text)
    ? ssri.parse(text, { single: true, strict: true })
    : null
  const algorithm = hash?.algorithm
  const hex = hash?.hexDigest() ?? ''
  if ((algorithm !== 'sha256' && algorithm !== 'sha512') || hex.length !== LENGTHS[algorithm]) {
    throw new MrrlError('E_RECIPE_INVALID', `not an integrity: ${JSON.stringify(text)}`, {
      fields: { integrity: text },
      hint: 'Write it as sha256-<base64> or sha512-<base64>, e.g. with: openssl dgst -sha256 -binary FILE | base64',
    })
  }
  return { algorithm, hex, text }
}

/**
 * Passes a stream on while it is hashed. Whoever keeps the bytes must wait for the end: throws `E_INTEGRITY` there when
 * the hash differs, and `E_FETCH_SIZE` as soon as there are more bytes than expected.
 */
export async function* verified(pieces: AsyncIterable<Uint8Array>, expected: Expected): AsyncGenerator<Uint8Array> {
  const { name, from, integrity, size } = expected
  const { algorithm } = parseIntegrity(integrity)
  const hasher = ssri.create({ algorithms: [algorithm] })
  let got = 0
  for await (const piece of pieces) {
    got += piece.length
    if (got > size) throw tooLong(name, from, size)
    hasher.update(piece)
    yield piece
  }
  const found = hasher.digest()
  if (found.toString() === integrity) return // equal content has equal size
  throw new MrrlError('E_INTEGRITY', `${name} is not what the lock says`, {
    fields: { from, expected: integrity, got: found.toString(), size: got, expectedSize: size },
  })
}

/** The error for a location that offers more than `size` bytes. */
export function tooLong(name: string, from: string, size: number): MrrlError {
  return new MrrlError('E_FETCH_SIZE', `${name} is longer than the ${size} bytes that the lock says`, {
    fields: { from, expectedSize: size },
  })
}
