import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import type { ErrorCode } from '../../src/util/error-codes.ts'
import type { MrrlError } from '../../src/util/errors.ts'
import { fixtureSettings, missingFixture, ran, writeFixture } from '../support/fixture.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const good = { install: 'mkdir -p "$OUT/etc"; echo good > "$OUT/etc/good"' }

/** What a step does wrong, and the code that it leads to. */
const BAD_STEPS: Readonly<Record<string, { code: ErrorCode; install: string; extra?: string; says?: RegExp }>> = {
  fails: { code: 'E_BUILD_FAILED', install: 'echo about to fail; exit 3', says: /status 3/ },
  'runs too long': { code: 'E_BUILD_TIMEOUT', install: 'sleep 60', extra: 'timeout: 1,' },
  'tries the network': { code: 'E_BUILD_FAILED', install: 'wget -T 2 http://192.0.2.1/ || exit 9', says: /status 9/ },
  'writes to its inputs': { code: 'E_BUILD_FAILED', install: 'echo x > /tools/busybox-tools/bin/busybox' },
  'writes beside /out': { code: 'E_BUILD_FAILED', install: 'echo x > /other' },
  'drops a link out of its tree': {
    code: 'E_OUTPUT_INVALID',
    install: 'ln -s ../../../../etc/shadow "$OUT/innocent"',
    says: /innocent/,
  },
  'drops a pipe': { code: 'E_OUTPUT_INVALID', install: 'mkfifo "$OUT/pipe"', says: /pipe/ },
  'names a build folder': {
    code: 'E_HOST_LEAK',
    install: 'mkdir "$OUT/etc"; echo "made in /build/x" > "$OUT/etc/leak"',
    says: /etc\/leak of bad/,
  },
  'brings a program for another machine': {
    code: 'E_MACHINE',
    install: `mkdir "$OUT/bin"; printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\3\\0\\267\\0' > "$OUT/bin/arm"`,
    says: /aarch64/,
  },
}

spec('a step that goes wrong', (test) => {
  const unbuildable = missingFixture()
  for (const [what, { code, install, extra, says }] of Object.entries(BAD_STEPS)) {
    test.unless(unbuildable, `${what}: ${code}`, () =>
      withFolder(async (folder) => {
        writeFixture(folder, { bad: { install, ...(extra === undefined ? {} : { extra }) } })
        const { settings } = fixtureSettings(folder)
        const error = await rejects(code, () => lock('test', settings))
        assert.match(error.message, says ?? /bad/)
        assert.not.ok(existsSync(join(folder, 'images/test/rootfs.tar.xz')))
        assert.equal(readdirSync(join(settings.home, 'store-v1/tmp')), [])
      }),
    )
  }

  test.unless(unbuildable, 'keeps its log and says where', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { bad: { install: 'echo first; echo last words; exit 1' } })
      const error = await rejects('E_BUILD_FAILED', () => lock('test', fixtureSettings(folder).settings))
      assert.equal(lastLines(error).slice(-2), ['first', 'last words'])
      assert.match(readFileSync(String(error.fields.log), 'utf8'), /last words/)
    }),
  )

  test.unless(unbuildable, 'leaves no daemon behind', () =>
    withFolder(async (folder) => {
      const name = `mrrl-daemon-${process.pid}`
      const install = `ln -s /tools/busybox-tools/bin/sleep /build/${name}; setsid /build/${name} 600 & mkdir "$OUT/etc"`
      writeFixture(folder, { daemon: { install: install.replace('ln -s', 'cp') } })
      await lock('test', fixtureSettings(folder).settings)
      assert.is(spawnSync('pgrep', ['-f', name]).stdout.toString(), '')
    }),
  )

  test.unless(unbuildable, 'stops what comes after it, and with keepGoing only that', () =>
    withFolder(async (folder) => {
      const after = { ...good, extra: "needs: { target: ['bad'] }," }
      writeFixture(folder, { bad: { install: 'exit 1' }, after, good })
      const { settings, events } = fixtureSettings(folder, { keepGoing: true })
      await rejects('E_BUILD_FAILED', () => lock('test', settings))
      assert.equal(ran(events).sort(), ['busybox-tools', 'good'])
    }),
  )

  test.unless(unbuildable, 'can be interrupted, and the next build goes on from there', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { good, slow: { install: 'sleep 3; mkdir "$OUT/etc"; echo slow > "$OUT/etc/slow"' } })
      const controller = new AbortController()
      const first = fixtureSettings(folder, { signal: controller.signal })
      const watched = {
        ...first.settings,
        onEvent: (event: { type: string; name?: string }) => {
          if (event.type === 'step finished' && event.name === 'good') setTimeout(() => controller.abort(), 300)
        },
      }
      await rejects('E_INTERRUPTED', () => lock('test', watched))
      assert.equal(readdirSync(join(watched.home, 'store-v1/tmp')), [])
      const second = fixtureSettings(folder)
      await lock('test', second.settings)
      assert.equal(ran(second.events), ['slow'])
    }),
  )
})

function lastLines(error: MrrlError): readonly string[] {
  const lines = error.fields.lastLines
  return Array.isArray(lines) ? lines : []
}
