import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cliReference, errorReference } from './reference.ts'

/**
 * Finds documentation that has drifted from the program; with `--write`, writes anew what is generated.
 *
 *   node tests/support/check-docs.ts [--write]
 */
const root = resolve(import.meta.dirname, '../..')
const problems: string[] = []

for (const [file, text] of [
  ['docs/cli.md', cliReference()],
  ['docs/errors.md', errorReference()],
] as const) {
  const path = join(root, file)
  if (process.argv.includes('--write')) writeFileSync(path, text)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    problems.push(`${file} is not what the program says; write it with: node tests/support/check-docs.ts --write`)
  }
}

for (const file of globSync(['*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: root })) {
  const text = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '')
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const path = target.replace(/#.*/, '')
    if (path === '' || /^[a-z]+:/.test(path)) continue
    if (!existsSync(join(root, dirname(file), path))) problems.push(`${file} links to ${path}, which does not exist`)
  }
}

for (const file of globSync(['src/**/*.ts', 'bin/*.js', '*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: root })) {
  const text = readFileSync(join(root, file), 'utf8')
  for (const [page] of text.matchAll(/\bdocs\/[a-z0-9/_-]+\.md\b/g)) {
    if (!existsSync(join(root, page))) problems.push(`${file} names ${page}, which does not exist`)
  }
}

for (const problem of new Set(problems)) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
