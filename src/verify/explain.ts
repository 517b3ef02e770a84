import { compareSides } from '../compare/compare.ts'
import type { Side } from '../compare/side.ts'
import type { Cause, Difference } from '../model/difference.ts'
import { type Digest, formatDigest } from '../model/digest.ts'
import { compareBytes } from '../util/compare.ts'
import type { Evidence } from './bisect.ts'
import { provenCause, unvariedCause } from './proven-cause.ts'
import type { CauseReport } from './report.ts'

/** Why something differs, from all evidence that there is. */
export interface Explanation {
  readonly differences: readonly Difference[]
  readonly causes: readonly CauseReport[]
  /** Why nothing could be compared, or ''. */
  readonly note: string
}

/**
 * Compares both sides of each piece of evidence. What several pieces show is told once, by the first: put those in
 * which one thing was varied before those in which many were.
 */
export async function explain(
  evidence: readonly Evidence[],
  sideOf: (digest: Digest) => Promise<Side | undefined>,
  signal: AbortSignal,
): Promise<Explanation> {
  const found = new Map<string, Difference>()
  let [compared, missing] = [0, '']
  for (const one of evidence) {
    if (one.isLastResort && compared > 0) continue
    const before = await sideOf(one.before)
    const after = await sideOf(one.after)
    if (before === undefined || after === undefined) {
      missing ||= formatDigest(before === undefined ? one.before : one.after)
      continue
    }
    compared++
    for (const difference of await compareSides(before, after, { clues: one.clues, signal, onProgress: () => {} })) {
      const key = keyOf(difference)
      if (!found.has(key)) found.set(key, { ...difference, cause: causeFrom(difference, one) })
    }
    await before.close()
    await after.close()
  }
  const differences = [...found.values()].sort((a, b) => compareBytes(a.path, b.path))
  const note = missing === '' ? '' : `no store here holds what is locked (${missing})`
  return { differences, causes: causesOf(differences), note }
}

/** The part of a path that differs, without the values on either side, which are others in every round. */
function keyOf({ path, where }: Difference): string {
  const place = where.kind === 'text' ? { kind: where.kind } : where.kind === 'bytes' ? { kind: where.kind } : where
  return `${path}\n${JSON.stringify(place)}`
}

function causeFrom(difference: Difference, { varied }: Evidence): Cause {
  const [first, ...others] = varied
  if (first === undefined) return unvariedCause(difference)
  return others.length > 0 ? difference.cause : provenCause(difference, first)
}

/** Each cause once, with the files that it shows in; those in most files first. */
function causesOf(differences: readonly Difference[]): CauseReport[] {
  const files = new Map<string, Set<string>>()
  const causes = new Map<string, Cause>()
  for (const { path, cause, follows } of differences) {
    if (follows) continue
    if (!causes.has(cause.name)) causes.set(cause.name, cause)
    files.set(cause.name, (files.get(cause.name) ?? new Set()).add(path))
  }
  return [...causes.values()]
    .map((cause) => ({ ...cause, files: [...(files.get(cause.name) ?? [])] }))
    .sort((a, b) => b.files.length - a.files.length)
}
