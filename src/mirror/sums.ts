import { digestOf, hashOf } from '../model/digest.ts'
import { compareBytes } from '../util/compare.ts'
import { hashIn, INDEX, type MirrorPath } from './layout.ts'

/** Where the path starts in a line: behind 64 digits and two spaces. */
export const PATH_COLUMN = 66

/**
 * Text that `sha256sum -c` accepts, the one of BusyBox too: one line per file by path, the index included.
 * `sha256` has the hash of files that are named by another one.
 */
export function formatSums(
  index: string,
  paths: readonly MirrorPath[],
  sha256: ReadonlyMap<MirrorPath, string>,
): string {
  const lines = paths.map((path) => `${sumOf(path, sha256) ?? ''}  ${path}\n`)
  const own = `${hashOf(digestOf(Buffer.from(index)))}  ${INDEX}\n`
  return [...lines, own].sort((a, b) => compareBytes(a.slice(PATH_COLUMN), b.slice(PATH_COLUMN))).join('')
}

/** SHA-256 of what a file must hold; undefined where its name does not tell and nobody has hashed it. */
function sumOf(path: MirrorPath, sha256: ReadonlyMap<MirrorPath, string>): string | undefined {
  const { algorithm, hex } = hashIn(path)
  return algorithm === 'sha256' ? hex : sha256.get(path)
}
