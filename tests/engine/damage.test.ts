import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import { build } from '../../src/engine/operations.ts'
import { fixtureSettings, missingFixture, ran, writeFixture } from '../support/fixture.ts'
import { ROOT } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const one = { install: 'mkdir -p "$OUT/etc"; echo one for the test > "$OUT/etc/one"' }

spec('damage', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'in an output is found, and the package is built again', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { one })
      const { settings } = fixtureSettings(folder)
      await lock('test', settings)
      damage(settings.home, 'one for the test')
      forgetImages(folder, settings.home)
      const { settings: again, events } = fixtureSettings(folder)
      const report = await build('test', again)
      assert.equal(ran(events), ['one'])
      assert.ok(events.some(({ type }) => type === 'healing'))
      assert.equal(
        report.images.map(({ locked }) => locked),
        ['same', 'same'],
      )
    }),
  )

  test.unless(unbuildable, 'in the seed is found, and it is unpacked again', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { one })
      const { settings } = fixtureSettings(folder)
      await lock('test', settings)
      damage(settings.home, 'not really')
      rmSync(join(settings.home, 'store-v1/checkouts'), { recursive: true })
      mkdirSync(join(settings.home, 'store-v1/checkouts'))
      rmSync(join(settings.home, 'store-v1/actions'), { recursive: true })
      mkdirSync(join(settings.home, 'store-v1/actions'))
      const report = await build('test', fixtureSettings(folder).settings)
      assert.equal(
        report.images.map(({ locked }) => locked),
        ['same', 'same'],
      )
    }),
  )

  test.unless(unbuildable, 'by kill -9 at any moment leaves a store that the next build can use', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { one, slow: { install: 'sleep 1; mkdir "$OUT/etc"; echo slow > "$OUT/etc/slow"' } })
      for (const afterMs of [250, 450, 700, 1000, 1500]) {
        const child = spawn(process.execPath, [join(ROOT, 'tests/support/lock-fixture.ts'), folder], {
          stdio: 'ignore',
        })
        setTimeout(() => child.kill('SIGKILL'), afterMs)
        await once(child, 'exit')
        await new Promise((resolve) => setTimeout(resolve, 200))
        assert.equal(processesIn(folder), [], `after ${afterMs} ms`)
        assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder))
      }
      const { settings } = fixtureSettings(folder)
      const { report } = await lock('test', settings)
      assert.is(report.steps.length, 3)
    }),
  )

  test.unless(unbuildable, 'does not come from two builds at once: they share the work', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { slow: { install: 'sleep 1; mkdir "$OUT/etc"; echo slow > "$OUT/etc/slow"' } })
      const a = fixtureSettings(folder, { lockFolder: join(folder, 'locks-a'), imageFolder: join(folder, 'a') })
      const b = fixtureSettings(folder, { lockFolder: join(folder, 'locks-b'), imageFolder: join(folder, 'b') })
      const [first, second] = await Promise.all([lock('test', a.settings), lock('test', b.settings)])
      assert.equal([...ran(a.events), ...ran(b.events)].sort(), ['busybox-tools', 'slow'])
      assert.equal(
        first.report.images.map(({ digest }) => digest),
        second.report.images.map(({ digest }) => digest),
      )
    }),
  )
})

/** Appends to the blob whose content starts with `text`. */
function damage(home: string, text: string): void {
  const blobs = join(home, 'store-v1/blobs')
  const paths = readdirSync(blobs, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('/'))
  const path = paths.find((candidate) => readFileSync(join(blobs, candidate), 'latin1').startsWith(text))
  if (path === undefined) throw new Error(`no blob starts with ${text}`)
  appendFileSync(join(blobs, path), '!')
}

/** Makes the next build assemble its images anew. */
function forgetImages(folder: string, home: string): void {
  rmSync(join(folder, 'images'), { recursive: true })
  const actions = join(home, 'store-v1/actions')
  for (const path of readdirSync(actions, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.json') && readFileSync(join(actions, path), 'utf8').includes('"image '))
      rmSync(join(actions, path))
  }
}

/** Processes that have the store in their command line, as every part of a sandbox's start has. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && name !== String(process.pid))
    .filter((pid) => commandLine(pid).includes(`${folder}/home`))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it has just ended
  }
}
