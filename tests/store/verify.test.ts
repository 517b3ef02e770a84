import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Digest, digestOf } from '../../src/model/digest.ts'
import type { Store } from '../../src/store/store.ts'
import { verifyStore } from '../../src/store/verify.ts'
import { noise } from '../support/bytes.ts'
import { spec } from '../support/spec.ts'
import { fillStore, withStore } from '../support/store.ts'

spec('store verify', (test) => {
  test('finds nothing in a whole store, and changes nothing', () =>
    withStore(async (store) => {
      const { key, tree } = await fillStore(store)
      await store.checkouts.get(tree)
      const { steps, bytes } = await verifyStore(store)
      assert.equal(
        steps.map(({ name, checked, damaged }) => [name, checked, damaged]),
        [
          ['blobs', 5, []],
          ['actions', 1, []],
          ['aliases', 2, []],
        ],
      )
      assert.ok(bytes > 5000)
      assert.ok(await store.actions.get(key))
      assert.ok(existsSync(store.layout.checkout(tree)))
    }))

  test('finds one flipped bit, and what it makes useless', () =>
    withStore(async (store) => {
      const { key, tree, file } = await fillStore(store)
      await store.checkouts.get(tree)
      flip(store.layout.blob(file, true))
      assert.equal(await damage(store), ['blobs', 'actions', 'aliases'])
      assert.not.ok(await store.blobs.has(file))
      assert.is(await store.actions.get(key), undefined)
      assert.equal(readdirSync(store.layout.checkouts), [])
      assert.equal(await damage(store), [])
    }))

  test('looks at both copies of a blob', () =>
    withStore(async (store) => {
      const { file } = await fillStore(store)
      await store.blobs.inode(file, false)
      flip(store.layout.blob(file, false))
      // The other copy is whole, so nothing else is lost.
      assert.equal(await damage(store), ['blobs'])
      assert.ok(await store.blobs.has(file))
    }))

  test('finds wrong modes, which a build could see', () =>
    withStore(async (store) => {
      const { archive } = await fillStore(store)
      chmodSync(store.layout.blob(archive, false), 0o600)
      assert.equal(await damage(store), ['blobs', 'aliases'])
    }))

  test('finds a tree with a directory that is gone', () =>
    withStore(async (store) => {
      const { key, below } = await fillStore(store)
      rmSync(store.layout.blob(below, false))
      assert.equal(await damage(store), ['actions', 'aliases'])
      assert.is(await store.actions.get(key), undefined)
    }))

  test('finds altered actions and aliases', () =>
    withStore(async (store) => {
      const { key } = await fillStore(store)
      appendFileSync(store.layout.action(key), ' ')
      const [start = ''] = readdirSync(store.layout.aliases)
      const [name = ''] = readdirSync(join(store.layout.aliases, start))
      writeFileSync(join(store.layout.aliases, start, name), 'nonsense\n')
      assert.equal(await damage(store), ['actions', 'aliases'])
      assert.equal(await damage(store), [])
    }))

  test('finds files that do not belong there', () =>
    withStore(async (store) => {
      await fillStore(store)
      const folder = join(store.layout.blobs, readdirSync(store.layout.blobs)[0] ?? '')
      writeFileSync(join(folder, 'notes.txt'), 'mine')
      assert.equal(await damage(store), ['blobs'])
    }))

  test('reads big blobs in pieces', () =>
    withStore(async (store) => {
      const digest: Digest = await store.blobs.put(noise(9_000_000))
      assert.is(digest, digestOf(noise(9_000_000)))
      assert.is((await verifyStore(store)).bytes, 9_000_000)
    }))
})

/** Names of the steps that find damage. */
async function damage(store: Store): Promise<string[]> {
  const { steps } = await verifyStore(store)
  return steps.filter(({ damaged }) => damaged.length > 0).map(({ name }) => name)
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
