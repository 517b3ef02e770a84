import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFixture, writePackage } from './fixture.ts'
import { integrityOf } from './http-server.ts'
import { mrrl } from './mrrl.ts'
import { run } from './tools.ts'

/**
 * Writes a project whose profile `test` has a seed, a source on a server and one on an npm registry, with its lock.
 * The files are in the folder `upstream`, by name; the lock is written from there.
 */
export function writeMirrorProject(cwd: string): void {
  const upstream = join(cwd, 'upstream')
  mkdirSync(join(upstream, 'one'), { recursive: true })
  writeFileSync(join(upstream, 'one/hello'), 'hello from the source\n')
  writeFixture(cwd, {})
  const from = { 'one.tar': 'https://upstream.invalid/one.tar', 'two-1.0.0.tgz': 'npm:two@1.0.0' }
  for (const [name, location] of Object.entries(from)) {
    run('tar', '-caf', join(upstream, name), '-C', upstream, '--sort=name', 'one')
    const bytes = readFileSync(join(upstream, name))
    const algorithm = location.startsWith('npm:') ? 'sha512' : 'sha256'
    const source = { from: [location], integrity: integrityOf(bytes, algorithm), size: bytes.length }
    const packageName = name.slice(0, 3)
    writePackage(cwd, packageName, {
      extra: `sources: () => [${JSON.stringify(source)}],`,
      install: `mkdir -p "$OUT/etc"; cp "$SRC/hello" "$OUT/etc/${packageName}"`,
    })
  }
  const profile = join(cwd, 'profiles/test.ts')
  writeFileSync(profile, readFileSync(profile, 'utf8').replace('"packages": []', '"packages": ["one", "two"]'))
  const args = ['lock', 'test', '--recipes', '.', '--offline', '--mirror', 'upstream']
  const { status, stderr } = mrrl(args, { cwd, home: join(cwd, 'home') })
  if (status !== 0) throw new Error(stderr)
}
