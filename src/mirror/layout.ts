import { type Integrity, parseIntegrity } from '../fetch/integrity.ts'

/** The list of all files, for people and programs. */
export const INDEX = 'index.json'
/** The same for sha256sum(1). */
export const SUMS = 'SHA256SUMS'
/** Where files are until they are complete. */
export const INCOMING = 'incoming'
/** Folders of files, by the hash that is their name. */
export const HASH_FOLDERS: readonly Integrity['algorithm'][] = ['sha256', 'sha512']

/** All names that a mirror has at its top. */
export const TOP_NAMES: ReadonlySet<string> = new Set([INDEX, SUMS, INCOMING, ...HASH_FOLDERS])

/** Path of a file below the mirror: `sha256/<64 hex digits>` or `sha512/<128 hex digits>`. */
export type MirrorPath = string & { readonly __mirrorPath: unique symbol }

const SHAPE = /^(?:sha256\/[0-9a-f]{64}|sha512\/[0-9a-f]{128})$/

/** Where the file with an integrity is. Throws `E_RECIPE_INVALID`. */
export function pathOf(integrity: string): MirrorPath {
  const { algorithm, hex } = parseIntegrity(integrity)
  return `${algorithm}/${hex}` as MirrorPath
}

/** Reads a path; undefined for every other text. */
export function parseMirrorPath(text: unknown): MirrorPath | undefined {
  return typeof text === 'string' && SHAPE.test(text) ? (text as MirrorPath) : undefined
}

/** The algorithm and the hash that the content must have. */
export function hashIn(path: MirrorPath): Pick<Integrity, 'algorithm' | 'hex'> {
  const [algorithm, hex] = path.split('/') as [Integrity['algorithm'], string]
  return { algorithm, hex }
}
