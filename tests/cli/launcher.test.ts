import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const LAUNCHER = join(ROOT, 'bin/mrrl.js')

spec('the launcher', (test) => {
  for (const version of ['12.22.12', '18.20.0', '20.20.2', '22.19.0']) {
    test(`tells Node ${version} in one line what to do`, () =>
      withFolder((folder) => {
        // The process says that it is another Node; what an old one cannot even parse is checked below.
        writeFileSync(
          join(folder, 'fake.cjs'),
          `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
        )
        const { status, stdout, stderr } = run(['--require', join(folder, 'fake.cjs'), LAUNCHER, 'build', 'mini'])
        assert.equal([status, stdout], [2, ''])
        assert.match(stderr, /^E_NODE_VERSION .* mrrl needs Node 22\.20 or later, this is [0-9.]+\. Install .*\n$/)
        assert.is(stderr.split('\n').length, 2)
      }))
  }

  test('is written in the language of Node 10', () => {
    const text = readFileSync(LAUNCHER, 'utf8')
    assert.not.match(text, /^\s*(import|export) |\?\.|\?\?|=>|`|\b(const|let|await|async|class)\b/m)
  })

  test('says what to do when nothing is installed', () =>
    withFolder((folder) => {
      mkdirSync(join(folder, 'bin'))
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      writeFileSync(join(folder, 'bin/mrrl.js'), readFileSync(LAUNCHER))
      const { status, stderr } = run([join(folder, 'bin/mrrl.js'), 'ls'])
      assert.is(status, 1)
      assert.match(stderr, /^E_INTERNAL {2}mrrl cannot start: .* Run: npx -y -p node@24 -- npm ci\n$/)
    }))

  test('keeps compiled code in the user’s own folder', () =>
    withFolder((folder) => {
      run([LAUNCHER, '--version'], { MRRL_HOME: folder })
      const { stdout } = spawnSync('ls', [join(folder, 'compile-cache')], { encoding: 'utf8' })
      assert.match(stdout, /^v\d+/)
    }))

  test('starts without warnings', () => {
    const { status, stderr } = run([LAUNCHER, 'ls'])
    assert.equal([status, stderr], [0, ''])
  })
})

function run(
  args: readonly string[],
  env: Record<string, string> = {},
): ReturnType<typeof spawnSync> & { stderr: string } {
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } })
  return result as ReturnType<typeof spawnSync> & { stderr: string }
}
