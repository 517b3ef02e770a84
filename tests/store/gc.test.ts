import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Digest, digestOf } from '../../src/model/digest.ts'
import { collectGarbage, type GarbageReport, type GarbageRoots } from '../../src/store/gc.ts'
import type { Store } from '../../src/store/store.ts'
import { useStore } from '../../src/store/users.ts'
import { verifyStore } from '../../src/store/verify.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { fillStore, withStore } from '../support/store.ts'

/** A time after everything in the store, so that nothing is young. */
const LATER = 2 ** 45

spec('gc', (test) => {
  test('removes everything that nothing needs', () =>
    withStore(async (store) => {
      const { tree } = await fillStore(store)
      await store.checkouts.get(tree)
      const report = await collect(store, {})
      assert.equal(removed(report), [1, 2, 1, 0, 0, 5])
      assert.ok(report.bytes > 8000)
      assert.equal(filesIn(store), 0)
    }))

  test('keeps an output that a lock names, with all that is in it', () =>
    withStore(async (store) => {
      const kept = await fillStore(store, 1)
      const gone = await fillStore(store, 2)
      await collect(store, { outputs: new Set([kept.tree]) })
      assert.ok(await store.actions.get(kept.key))
      for (const digest of [kept.tree, kept.below, kept.file, kept.log]) assert.ok(await store.blobs.has(digest))
      for (const digest of [kept.archive, gone.tree, gone.file]) assert.not.ok(await store.blobs.has(digest))
      assert.ok((await verifyStore(store)).steps.every(({ damaged }) => damaged.length === 0))
    }))

  test('keeps the images that a lock names', () =>
    withStore(async (store) => {
      const tree = store.trees.create()
      const image = await tree.addFile('rootfs.tar.xz', Buffer.from('an image'), false)
      const output = await tree.finish()
      const key = digestOf(Buffer.from('images'))
      await store.actions.put(key, { name: 'image', output, log: image, wallMs: 1, cpuMs: 1 })
      await collect(store, { outputs: new Set([image]) })
      assert.ok(await store.actions.get(key))
      assert.ok(await store.blobs.has(image))
    }))

  test('keeps sources that a lock names, and the trees they unpack to', () =>
    withStore(async (store) => {
      const { archive, tree, file, key } = await fillStore(store)
      await collect(store, { aliases: ['sha256-1', 'unpack 1'] })
      assert.is(await store.actions.get(key), undefined)
      assert.is(await store.aliases.get('sha256-1'), archive)
      assert.is(await store.aliases.get('unpack 1'), tree)
      assert.ok(await store.blobs.has(file))
    }))

  test('keeps what is young', () =>
    withStore(async (store) => {
      const { key, tree } = await fillStore(store)
      await store.checkouts.get(tree)
      mkdirSync(join(store.layout.failed, 'abc'))
      const report = await collect(store, { since: 1 })
      assert.equal(removed(report), [0, 0, 0, 0, 0, 0])
      assert.ok(await store.actions.get(key))
      assert.ok(existsSync(store.layout.checkout(tree)))
    }))

  test('says what it would do and does nothing when only asked', () =>
    withStore(async (store) => {
      await fillStore(store)
      const before = filesIn(store)
      const dry = await collect(store, {}, true)
      assert.is(filesIn(store), before)
      const wet = await collect(store, {})
      assert.equal({ ...dry, isDryRun: false }, wet)
    }))

  test('removes failed steps and leftovers of dead processes', () =>
    withStore(async (store) => {
      mkdirSync(join(store.layout.failed, 'abc'))
      writeFileSync(join(store.layout.failed, 'abc/log'), 'x'.repeat(500))
      writeFileSync(join(store.layout.tmp, 'blob-4194399-aa'), 'x'.repeat(300))
      writeFileSync(join(store.layout.tmp, `blob-${process.pid}-aa`), 'x')
      const report = await collect(store, {})
      assert.is(report.bytes, 800)
      assert.equal(readdirSync(store.layout.tmp), [`blob-${process.pid}-aa`])
      assert.equal(readdirSync(store.layout.failed), [])
    }))

  test('refuses while the store is used', () =>
    withStore(async (store) => {
      await fillStore(store)
      const before = filesIn(store)
      await useStore(store.layout, async () => {
        await rejects('E_STORE', () => collect(store, {}))
      })
      assert.is(filesIn(store), before)
    }))

  test('gets along with damage', () =>
    withStore(async (store) => {
      const { tree, below } = await fillStore(store)
      writeFileSync(store.layout.blob(below, false), 'damaged')
      await collect(store, { outputs: new Set([tree]) })
      assert.ok(await store.blobs.has(tree))
    }))
})

function collect(store: Store, roots: Partial<GarbageRoots>, isDryRun = false): Promise<GarbageReport> {
  return collectGarbage(store, { outputs: new Set<Digest>(), aliases: [], since: LATER, ...roots }, isDryRun)
}

function removed({ collected }: GarbageReport): number[] {
  return collected.map((one) => one.removed)
}

/** How many blobs, actions, aliases and checkouts there are. */
function filesIn({ layout }: Store): number {
  const folders = [layout.blobs, layout.actions, layout.aliases]
  const below = folders.flatMap((folder) => readdirSync(folder).flatMap((name) => readdirSync(join(folder, name))))
  return below.length + readdirSync(layout.checkouts).length
}
