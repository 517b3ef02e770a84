import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import * as assert from 'uvu/assert'
import { ROOT } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { run, withFolder } from '../support/tools.ts'

spec('the published package', (test) => {
  let files: string[] = []

  test('can be built and packed', () => {
    run(process.execPath, join(ROOT, 'scripts/build.ts'))
    const [packed] = JSON.parse(run('npm', 'pack', ROOT, '--dry-run', '--json', '--ignore-scripts').toString())
    files = packed.files.map(({ path }: { path: string }) => path)
  })

  test('holds what it needs and nothing else', () => {
    for (const file of [
      'bin/mrrl.js',
      'dist/src/cli/main.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/recipes/profiles/mini.js',
      'dist/recipes/packages/busybox/recipe.js',
      'dist/recipes/packages/busybox/container.config',
      'docs/cli.md',
    ]) {
      assert.ok(files.includes(file), file)
    }
    const others = files.filter((file) => !/^(bin|dist|docs|locks)\/|^[A-Z]+\.md$|^LICENSE$|^package\.json$/.test(file))
    assert.equal(others, [])
    assert.equal(
      files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file)),
      [],
    )
  })

  test('satisfies publint', async () => {
    const { messages } = await publint({ pkgDir: ROOT, strict: true, pack: false })
    assert.equal(messages, [])
  })

  test('runs where it is installed', () =>
    withFolder((folder) => {
      // As npm would lay it out, with the dependencies of the checkout.
      run('mkdir', '-p', join(folder, 'node_modules/mrrl'))
      for (const name of ['bin', 'dist', 'package.json'])
        run('cp', '-r', join(ROOT, name), join(folder, 'node_modules/mrrl'))
      run('ln', '-s', join(ROOT, 'node_modules'), join(folder, 'node_modules/mrrl/node_modules'))
      const launcher = join(folder, 'node_modules/mrrl/bin/mrrl.js')
      assert.not.ok(existsSync(join(folder, 'node_modules/mrrl/src')))
      assert.match(run(process.execPath, launcher, 'ls').toString(), /^x86_64 +x86_64/m)
    }))
})
