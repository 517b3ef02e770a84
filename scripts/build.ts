import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Emits `dist/`, the published form: compiled sources and recipes, and the files that recipes use. */
const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
// Nobody imports a recipe by its types.
for (const file of globSync('recipes/**/*.d.ts', { cwd: dist })) rmSync(join(dist, file))
for (const file of globSync('recipes/**/*', { cwd: root })) {
  if (file.endsWith('.ts') || !statSync(join(root, file)).isFile()) continue
  mkdirSync(dirname(join(dist, file)), { recursive: true })
  cpSync(join(root, file), join(dist, file))
}
