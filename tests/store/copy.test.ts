import { statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { copyBlob, copyTree, hasTree } from '../../src/store/copy.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'
import { listTree } from '../support/unpack.ts'

async function withStores(body: (from: Store, to: Store) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => body(await openStore(join(folder, 'from')), await openStore(join(folder, 'to'))))
}

async function makeTree(store: Store): ReturnType<Store['trees']['write']> {
  const tree = store.trees.create()
  await tree.addFile('bin/tool', Buffer.from('the same'), true)
  await tree.addFile('share/a/text', Buffer.from('the same'), false)
  tree.addSymlink('share/link', 'a/text')
  tree.addDirectory('var/empty')
  return tree.finish()
}

spec('copying between stores', (test) => {
  test('a tree arrives whole, and each file under both its names', () =>
    withStores(async (from, to) => {
      const root = await makeTree(from)
      const bytes = await copyTree(from, to, root)
      assert.equal(await listTree(to, root), await listTree(from, root))
      assert.ok(await hasTree(to, root))
      assert.ok(bytes > 8)
      await to.checkouts.get(root)
    }))

  test('files are shared where that is possible', () =>
    withStores(async (from, to) => {
      const digest = await from.blobs.put(Buffer.from('content'))
      assert.is(await copyBlob(from, to, digest), 7)
      const [one, other] = [from, to].map(({ layout }) => statSync(layout.blob(digest, false)))
      assert.is(one?.ino, other?.ino)
      await copyBlob(from, to, digest)
      assert.is(Buffer.from(await to.blobs.read(digest)).toString(), 'content')
    }))

  test('folders alone are enough to know a tree, and not enough to have it', () =>
    withStores(async (from, to) => {
      const root = await makeTree(from)
      await copyTree(from, to, root, 'folders')
      assert.equal(await listTree(to, root), await listTree(from, root))
      assert.not(await hasTree(to, root))
    }))

  test('what the other store lacks is passed over, and a tree without its folders is refused', () =>
    withStores(async (from, to) => {
      const root = await makeTree(from)
      assert.not(await hasTree(to, root))
      await copyBlob(to, from, root)
      let code = ''
      await copyTree(to, from, root).catch((error) => {
        code = error.code
      })
      assert.is(code, 'E_STORE_CORRUPT')
    }))
})
