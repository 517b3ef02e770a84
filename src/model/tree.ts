import { compareBytes } from '../util/compare.ts'
import type { Digest } from './digest.ts'

/** One entry of a tree seen as a flat list; `path` has no leading slash and is never ''. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly path: string; readonly digest: Digest; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'directory'; readonly path: string }

/** Orders paths so that a folder comes directly before what is in it: by names, level by level. */
export function comparePaths(a: string, b: string): number {
  return compareBytes(a.replaceAll('/', '\0'), b.replaceAll('/', '\0'))
}

/** True when both entries are the same thing under the same path. */
export function isSameEntry(a: TreeEntry, b: TreeEntry): boolean {
  if (a.path !== b.path) return false
  if (a.kind === 'file') return b.kind === 'file' && a.digest === b.digest && a.executable === b.executable
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target
  return b.kind === 'directory'
}

/** True when a symbolic link at `path` with a relative `target` climbs above the root of its tree. */
export function climbsOut(path: string, target: string): boolean {
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return true
  }
  return false
}
