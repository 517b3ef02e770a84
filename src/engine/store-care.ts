import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, parseDigest } from '../model/digest.ts'
import type { Lock } from '../model/lock.ts'
import { parseLock } from '../recipes/lock-file.ts'
import { collectGarbage, type GarbageReport } from '../store/gc.ts'
import { openStore } from '../store/store.ts'
import { useStore } from '../store/users.ts'
import { type OnVerified, type VerifyReport, verifyStore } from '../store/verify.ts'
import { isErrno } from '../util/errors.ts'
import { requestNames } from './history.ts'
import { unpackName } from './sources.ts'

/** Checks every byte of the store and removes what is damaged. */
export async function verify(home: string, onVerified: OnVerified): Promise<VerifyReport> {
  const store = await openStore(home)
  return useStore(store.layout, () => verifyStore(store, onVerified))
}

/** What a collection of garbage has to spare. */
export interface GarbageOptions {
  /** Folders with `<profile>.lock.json`. */
  readonly lockFolders: readonly string[]
  /** Milliseconds since 1970: what was made or used later stays. */
  readonly since: number
  readonly isDryRun: boolean
}

/**
 * Removes what neither a lock nor recent work needs. Throws `E_STORE` while a build runs, and `E_LOCK_INVALID` for a
 * lock that cannot be read, because then nobody knows what it needs.
 */
export async function collect(home: string, options: GarbageOptions): Promise<GarbageReport> {
  const locks = (await Promise.all(options.lockFolders.map(readLocks))).flat()
  const store = await openStore(home)
  const roots = { outputs: outputsOf(locks), aliases: aliasesOf(locks), since: options.since }
  return collectGarbage(store, roots, options.isDryRun)
}

async function readLocks(folder: string): Promise<Lock[]> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  const files = names.filter((name) => name.endsWith('.lock.json')).map((name) => join(folder, name))
  return Promise.all(files.map(async (file) => parseLock(await readFile(file, 'utf8'), file)))
}

function outputsOf(locks: readonly Lock[]): ReadonlySet<Digest> {
  const packages = locks.flatMap((lock) => Object.values(lock.packages).map(({ output }) => output))
  const images = locks.flatMap((lock) => Object.values(lock.images).map(({ digest }) => digest))
  return new Set([...packages, ...images].filter((digest) => digest !== '').map(parseDigest))
}

function aliasesOf(locks: readonly Lock[]): string[] {
  const sources = locks.flatMap((lock) => [
    ...Object.values(lock.seeds),
    ...Object.values(lock.packages).flatMap((locked) => locked.sources),
  ])
  const requests = locks.flatMap(({ profile, packages }) =>
    Object.keys(packages).flatMap((name) => requestNames(profile, name)),
  )
  return [...sources.flatMap((source) => [source.integrity, unpackName(source)]), ...requests]
}
