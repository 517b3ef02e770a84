import { readFile } from 'node:fs/promises'
import { digestOf, formatDigest } from '../model/digest.ts'
import { LOCK_VERSION, type Lock, type LockedPackage } from '../model/lock.ts'
import type { Source } from '../model/recipe.ts'
import { compareBytes } from '../util/compare.ts'
import { isErrno, MrrlError } from '../util/errors.ts'

/**
 * Text of a lock: fixed key order, one source per block, and a checksum over the rest as the last line, so that an
 * edit by hand is noticed. See `docs/formats/lock.md`.
 */
export function formatLock(lock: Lock): string {
  const body = JSON.stringify(ordered(lock), undefined, 2)
  return `${body.slice(0, -2)},\n  "checksum": "${checksum(body)}"\n}\n`
}

/**
 * Reads a lock's text; `file` is what errors call it. Throws `E_LOCK_INVALID` when it is no lock of this version or
 * was changed by anything but this program.
 */
export function parseLock(text: string, file: string): Lock {
  let value: Lock & { readonly checksum?: unknown }
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(file, 'is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null) throw invalid(file, 'is not a lock')
  if (value.version !== LOCK_VERSION)
    throw invalid(file, `has version ${value.version}, this program reads ${LOCK_VERSION}`)
  const { checksum: _checksum, ...lock } = value
  // Written anew and compared, so that not one byte can differ from what the program wrote.
  const expected = safely(() => formatLock(lock), file)
  if (expected !== text) throw invalid(file, 'was changed by hand, or by a merge')
  return lock
}

/** Reads a lock file; throws `E_LOCK_MISSING` when there is none. */
export async function readLock(path: string, profile: string): Promise<Lock> {
  const file = `locks/${profile}.lock.json`
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause
    throw new MrrlError('E_LOCK_MISSING', `there is no ${file}`, {
      fields: { file },
      hint: `Write it with: mrrl lock ${profile}`,
      cause,
    })
  }
  return parseLock(text, file)
}

function ordered(lock: Lock): object {
  const { version, format, profile, profileDigest, epoch } = lock
  return {
    version,
    format,
    profile,
    profileDigest,
    epoch,
    seeds: byName(lock.seeds, orderedSource),
    packages: byName(lock.packages, orderedPackage),
    images: byName(lock.images, ({ digest }) => ({ digest })),
  }
}

function orderedPackage({ version, license, recipe, sources, output }: LockedPackage): object {
  return { version, license, recipe, sources: sources.map(orderedSource), output }
}

function orderedSource({ at, integrity, size, from, inner, strip, include, exclude }: Source): object {
  return { at, integrity, size, from, inner, strip, include, exclude }
}

function byName<T>(values: Readonly<Record<string, T>>, order: (value: T) => object): object {
  const names = Object.keys(values).sort(compareBytes)
  return Object.fromEntries(names.map((name) => [name, order(values[name] as T)]))
}

function checksum(body: string): string {
  return formatDigest(digestOf(Buffer.from(body)))
}

function safely<T>(work: () => T, file: string): T {
  try {
    return work()
  } catch (cause) {
    throw invalid(file, 'has a field of the wrong kind', cause)
  }
}

function invalid(file: string, what: string, cause?: unknown): MrrlError {
  return new MrrlError('E_LOCK_INVALID', `${file} ${what}`, { fields: { file }, cause })
}
