import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HostileArchive, LIMIT_CASES, STRUCTURE_CASES } from './hostile-containers.ts'
import { HEADER_CASES, PATH_CASES } from './hostile-tar.ts'

export type { HostileArchive } from './hostile-containers.ts'

/** Archives that must be refused, each with the error that it must lead to. */
export const HOSTILE_ARCHIVES: readonly HostileArchive[] = [
  ...PATH_CASES,
  ...HEADER_CASES,
  ...STRUCTURE_CASES,
  ...LIMIT_CASES,
]

/** Writes the corpus into a folder, with `index.json` naming the expected error of each file. */
export async function writeHostileArchives(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const index: Record<string, { code: string; says: string }> = {}
  for (const { name, code, says, bytes } of HOSTILE_ARCHIVES) {
    writeFileSync(join(folder, name), await bytes())
    index[name] = { code, says: says.source }
  }
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify(index, null, 2)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2]
  if (folder === undefined) throw new Error('usage: node tests/support/make-hostile-archives.ts <folder>')
  await writeHostileArchives(folder)
  console.log(`${HOSTILE_ARCHIVES.length} archives in ${folder}`)
}
