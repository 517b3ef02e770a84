import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
      'dist/src/formats/index.js',
      'dist/src/formats/index.d.ts',
      'dist/src/formats/hash-worker.js',
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
      install(folder)
      const launcher = join(folder, 'node_modules/mrrl/bin/mrrl.js')
      assert.not.ok(existsSync(join(folder, 'node_modules/mrrl/src')))
      assert.match(run(process.execPath, launcher, 'ls').toString(), /^x86_64 +x86_64/m)
      // Larger than what is hashed on the first thread: the worker has to be found.
      mkdirSync(join(folder, 'site'))
      writeFileSync(join(folder, 'site/large'), Buffer.alloc(5_000_000))
      run(process.execPath, launcher, 'pack', join(folder, 'site'), '-o', join(folder, 'it.squashfs'))
      assert.match(run(process.execPath, launcher, 'ls', join(folder, 'it.squashfs')).toString(), / 5000000 .* large\n/)
    }))

  test('is a library, as the examples use it', () =>
    withFolder((folder) => {
      install(folder)
      cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true })
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
      const example = (name: string, ...args: string[]): string =>
        run(process.execPath, join(folder, 'examples', name), ...args.map((arg) => join(folder, arg))).toString()
      const said = example('pack-folder.ts', 'examples', 'it.squashfs', 'out')
      assert.match(said, /it\.squashfs: \d+ bytes, 3 entries\n \(directory\)\npack-folder\.ts, \d+ bytes\nwrite-image/)
      assert.equal(
        readFileSync(join(folder, 'out/write-image.ts')),
        readFileSync(join(ROOT, 'examples/write-image.ts')),
      )
      example('write-image.ts', 'it.tar.zst')
      const launcher = join(folder, 'node_modules/mrrl/bin/mrrl.js')
      assert.is(run(process.execPath, launcher, 'cat', join(folder, 'it.tar.zst'), 'bin/hello').toString().length, 21)
    }))
})

/** Lays the package out as npm would, with the dependencies of the checkout. */
function install(folder: string): void {
  run('mkdir', '-p', join(folder, 'node_modules/mrrl'))
  for (const name of ['bin', 'dist', 'package.json']) {
    run('cp', '-r', join(ROOT, name), join(folder, 'node_modules/mrrl'))
  }
  run('ln', '-s', join(ROOT, 'node_modules'), join(folder, 'node_modules/mrrl/node_modules'))
}
