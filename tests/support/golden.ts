import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

const FOLDER = join(import.meta.dirname, '..', 'golden')

/** Why golden files are not compared now, or null. `UPDATE_GOLDEN=1` writes them, and the test counts as skipped. */
export function updatingGolden(): string | null {
  return process.env.UPDATE_GOLDEN === '1' ? 'golden files are being written' : null
}

/** Writes `hash  name` lines. */
export function writeGolden(file: string, hashes: ReadonlyMap<string, string>): void {
  writeFileSync(join(FOLDER, file), [...hashes].map(([name, hash]) => `${hash}  ${name}\n`).join(''))
}

/** Compares with the lines of a golden file: each name must be in both, with the same hash. */
export function checkGolden(file: string, hashes: ReadonlyMap<string, string>): void {
  const lines = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n')
  const golden = Object.fromEntries(lines.map((line) => line.split('  ').reverse()))
  assert.equal(Object.fromEntries(hashes), golden)
}
