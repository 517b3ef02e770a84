import { createHash } from 'node:crypto'
import { MrrlError } from '../util/errors.ts'

/**
 * Name of a blob by content: `<sha256 in 64 lower-case hex digits>/<size in bytes>`,
 * the pair that the Remote Execution API v2 calls `Digest`.
 * Only {@link digestOf} and {@link parseDigest} make one.
 */
export type Digest = string & { readonly __digest: unique symbol }

const SHAPE = /^[0-9a-f]{64}\/(0|[1-9][0-9]{0,15})$/

/** Digest of bytes at hand. */
export function digestOf(bytes: Uint8Array): Digest {
  return makeDigest(createHash('sha256').update(bytes).digest('hex'), bytes.length)
}

/** Joins a hash (64 hex digits) and a size (bytes); throws `E_INTERNAL` on any other shape. */
export function makeDigest(hash: string, size: number): Digest {
  return parseDigest(`${hash}/${size}`)
}

/** Accepts `hash/size` as written by this program; throws `E_INTERNAL` on any other shape. */
export function parseDigest(text: string): Digest {
  if (!SHAPE.test(text)) throw new MrrlError('E_INTERNAL', `not a digest: ${JSON.stringify(text)}`)
  return text as Digest
}

/** The 64 hex digits of the SHA-256. */
export function hashOf(digest: Digest): string {
  return digest.slice(0, 64)
}

/** Size in bytes. */
export function sizeOf(digest: Digest): number {
  return Number(digest.slice(65))
}

/** `sha256:<hex>`, as people and other tools write it. */
export function formatDigest(digest: Digest): string {
  return `sha256:${hashOf(digest)}`
}
