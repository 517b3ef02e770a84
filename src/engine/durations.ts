import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import type { BuiltPackage } from './build.ts'

/** How long each package took last time, in milliseconds. Orders the work and estimates the time left. */
export type Durations = Readonly<Record<string, number>>

/** What earlier builds recorded; empty when there is nothing readable, because nothing depends on it. */
export async function readDurations(store: Store): Promise<Durations> {
  try {
    return JSON.parse(await readFile(pathOf(store), 'utf8'))
  } catch {
    return {}
  }
}

/** Adds what this build measured. */
export async function writeDurations(store: Store, built: ReadonlyMap<string, BuiltPackage>): Promise<void> {
  const fresh = [...built.values()].filter(({ cached }) => !cached)
  if (fresh.length === 0) return
  const measured = Object.fromEntries(fresh.map(({ name, result }) => [name, result.wallMs]))
  const all = { ...(await readDurations(store)), ...measured }
  await writeAtomic(pathOf(store), JSON.stringify(all), store.layout.tmp)
}

function pathOf(store: Store): string {
  return join(store.layout.root, 'durations.json')
}
