import { readFile } from 'node:fs/promises'
import { digestOf, formatDigest } from '../model/digest.ts'
import type { Lock, LockedPackage } from '../model/lock.ts'
import type { Source } from '../model/recipe.ts'
import { compareBytes } from '../util/compare.ts'
import { isErrno, MrrlError } from '../util/errors.ts'
import { invalidLock, readLockFields } from './parse-lock.ts'

/**
 * Text of a lock: fixed key order, one source per block, and a checksum over the rest as the last line, so that an
 * edit by hand is noticed. See `docs/formats/lock.md`.
 */
export function formatLock(lock: Lock): string {
  const body = JSON.stringify(ordered(lock), undefined, 2)
  return `${body.slice(0, -2)},\n  "checksum": "${checksum(body)}"\n}\n`
}

/**
 * Reads a lock's text; `file` is what errors call it. Throws `E_LOCK_INVALID` when it is no lock or was changed by
 * anything but this program, and `E_LOCK_VERSION` for another layout.
 */
export function parseLock(text: string, file: string): Lock {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new MrrlError('E_LOCK_INVALID', `${file} is not JSON`, { fields: { file }, cause })
  }
  const lock = readLockFields(value, file)
  // Written anew and compared, so that not one byte can differ from what the program wrote.
  if (formatLock(lock) === text) return lock
  throw new MrrlError('E_LOCK_INVALID', `${file} was changed by hand, or by a merge`, { fields: { file } })
}

/** Reads a profile's lock file; throws `E_LOCK_MISSING` when there is none, and what {@link parseLock} throws. */
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
  const lock = parseLock(text, file)
  if (lock.profile !== profile) throw invalidLock(file, 'profile', `must be ${profile}, as in its name`)
  return lock
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

function orderedPackage(locked: LockedPackage): object {
  const { version, pinnedFrom, license, recipe, step, needs, sources, vouchers, output } = locked
  return {
    version,
    pinnedFrom,
    license,
    recipe,
    step,
    needs,
    sources: sources.map(orderedSource),
    vouchers: vouchers.map(({ kind, by, file }) => ({ kind, by, file })),
    output,
  }
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
