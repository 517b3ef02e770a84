import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { FetchEvent } from '../../src/engine/events.ts'
import { type FetchSettings, fetchLocked, type LockFile } from '../../src/engine/fetch.ts'
import { checkMirror, mirror } from '../../src/engine/mirror.ts'
import { missingFixture } from '../support/fixture.ts'
import { fetchConfig, withServer } from '../support/http-server.ts'
import { writeMirrorProject } from '../support/mirror-project.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const unbuildable = missingFixture()

/** A project with a lock, settings to fetch for it, and the events of what ran. */
function withProject(
  body: (at: { cwd: string; locks: LockFile[]; settings: FetchSettings; events: FetchEvent[] }) => Promise<void>,
): Promise<void> {
  return withFolder(async (cwd) => {
    writeMirrorProject(cwd)
    const events: FetchEvent[] = []
    const settings: FetchSettings = {
      home: join(cwd, 'cold'),
      fetch: fetchConfig({ mirrors: [join(cwd, 'upstream')], offline: true, root: cwd }),
      signal: new AbortController().signal,
      onEvent: (event) => void events.push(event),
    }
    await body({ cwd, locks: [{ profile: 'test', path: join(cwd, 'locks/test.lock.json') }], settings, events })
  })
}

spec('fetchLocked', (test) => {
  test.unless(unbuildable, 'needs locks only, and tells what it does', () =>
    withProject(async ({ cwd, locks, settings, events }) => {
      writeFileSync(join(cwd, 'profiles/test.ts'), 'no recipe any more')
      const report = await fetchLocked(locks, settings)
      assert.equal(
        report.files.map(({ state }) => state),
        ['fetched', 'fetched', 'fetched'],
      )
      const [first] = events
      assert.is(first?.type === 'wanted' ? first.files : 0, 3)
      assert.equal(events.flatMap((event) => (event.type === 'file ready' ? [event.name] : [])).sort(), [
        'one.tar',
        'seed.tar',
        'two-1.0.0.tgz',
      ])
    }),
  )

  test.unless(unbuildable, 'refuses a lock that is missing or damaged before it does anything', () =>
    withProject(async ({ cwd, locks, settings, events }) => {
      await rejects('E_LOCK_MISSING', () => fetchLocked([{ profile: 'x', path: join(cwd, 'x.lock.json') }], settings))
      const [{ path } = { path: '' }] = locks
      writeFileSync(path, readFileSync(path, 'utf8').replace('one.tar', 'two.tar'))
      await rejects('E_LOCK_INVALID', () => fetchLocked(locks, settings))
      await rejects('E_LOCK_INVALID', () => mirror(join(cwd, 'mirror'), '', locks, settings))
      assert.equal(events, [])
    }),
  )

  test.unless(unbuildable, 'ends with E_INTERRUPTED after a signal, and goes on the next time', () =>
    withProject(({ cwd, locks, settings }) =>
      withServer(
        () => undefined,
        async ({ url }) => {
          for (const [home, work] of [
            ['fetched', (of: FetchSettings) => fetchLocked(locks, of)],
            ['mirrored', (of: FetchSettings) => mirror(join(cwd, 'mirror'), '', locks, of)],
          ] as const) {
            const abort = new AbortController()
            setTimeout(() => abort.abort(), 300)
            const own = { ...settings, home: join(cwd, home) }
            const fetch = fetchConfig({ mirrors: [url], root: cwd })
            await rejects('E_INTERRUPTED', () => work({ ...own, signal: abort.signal, fetch }))
            await work(own)
          }
        },
      ),
    ),
  )
})

spec('mirror', (test) => {
  test.unless(unbuildable, 'tells places that had another file, and mends a mirror', () =>
    withProject(async ({ cwd, locks, settings, events }) => {
      const folder = join(cwd, 'mirror')
      const first = await mirror(folder, '', locks, settings)
      assert.equal([first.refused, first.bundle], [[], undefined])
      const [file] = first.files
      const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
      const path = index.files.find(({ names }: { names: string[] }) => names[0] === file?.names[0]).path
      writeFileSync(join(folder, path), 'another file')
      assert.equal(
        (await checkMirror(folder, settings)).problems.map(({ kind }) => kind),
        ['truncated'],
      )
      const again = await mirror(folder, '', locks, { ...settings, home: join(cwd, 'home') })
      assert.equal(again.files.map(({ state }) => state).sort(), ['from the store', 'there', 'there'])
      // The damaged mirror as a place for another one: told, and passed over.
      writeFileSync(join(folder, path), 'another file')
      const from = { ...settings, fetch: { ...settings.fetch, mirrors: [folder, join(cwd, 'upstream')] } }
      const other = await mirror(join(cwd, 'other'), '', locks, from)
      assert.equal(
        other.refused.map(({ code }) => code),
        ['E_INTEGRITY'],
      )
      assert.ok(events.some((event) => event.type === 'place failed' && event.code === 'E_INTEGRITY'))
    }),
  )
})
