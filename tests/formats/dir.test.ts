import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { writeDir } from '../../src/formats/dir.ts'
import { asUser } from '../support/as-user.ts'
import { exampleTree } from '../support/example.ts'
import { expectedListing, ImageBuilder } from '../support/image.ts'
import { folderListing } from '../support/listing.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missingRoot, withFolder } from '../support/tools.ts'

const mode = (path: string): number => lstatSync(path).mode & 0o7777

spec('dir', (test) => {
  test.unless(missingRoot(), 'root gets everything as it is in the image', () =>
    withFolder(async (folder) => {
      const tree = exampleTree().device('dev/far', 'block', 259, 70_000)
      await writeDir(tree.image(), tree, join(folder, 'rootfs'))
      assert.equal(folderListing(join(folder, 'rootfs')), await expectedListing(tree.image(), tree))
      assert.equal(readdirSync(folder), ['rootfs'])
    }),
  )

  test('a user keeps modes, but lends nobody an identity', () =>
    withFolder((folder) =>
      asUser(folder, async () => {
        const tree = new ImageBuilder()
          .directory('', { mode: 0o555, uid: 5 })
          .directory('closed', { mode: 0 })
          .file('closed/file', 'x', { mode: 0o400 })
          .file('su', 'x', { mode: 0o6755 })
          .directory('tmp', { mode: 0o1777 })
          .symlink('link', '/etc/shadow')
        const path = join(folder, 'rootfs')
        for (const round of [1, 2]) {
          await writeDir(tree.image(), tree, path)
          assert.is(mode(path), 0o555, `round ${round}`)
          assert.is(mode(join(path, 'closed')), 0)
          assert.is(mode(join(path, 'su')), 0o755)
          assert.is(mode(join(path, 'tmp')), 0o1777)
          assert.is(lstatSync(join(path, 'link')).mtimeMs, tree.image().epoch * 1000)
          assert.equal(readdirSync(folder), ['rootfs'])
        }
      }),
    ))

  test('a user cannot have devices', () =>
    withFolder((folder) =>
      asUser(folder, async () => {
        const tree = new ImageBuilder().device('null', 'char', 1, 3)
        await rejects('E_IMAGE', () => writeDir(tree.image(), tree, join(folder, 'rootfs')))
        assert.equal(readdirSync(folder), [])
      }),
    ))

  test('what was there is replaced; a link is replaced, not followed', () =>
    withFolder(async (folder) => {
      const tree = new ImageBuilder().file('new', '1')
      const path = join(folder, 'rootfs')
      const elsewhere = join(folder, 'elsewhere')
      mkdirSync(elsewhere)
      writeFileSync(join(elsewhere, 'precious'), 'x')
      symlinkSync(elsewhere, path)
      await writeDir(tree.image(), tree, path)
      assert.equal(readdirSync(path), ['new'])
      assert.is(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'x')
      await writeDir(new ImageBuilder().image(), tree, path)
      assert.equal(readdirSync(path), [])
      assert.equal(readdirSync(folder), ['elsewhere', 'rootfs'])
    }))

  test('a failure leaves what was there', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'rootfs')
      const tree = new ImageBuilder().file('old', '1')
      await writeDir(tree.image(), tree, path)
      const broken = new ImageBuilder().file('new', '2')
      const failed = await writeDir(broken.image(), tree, path).then(
        () => false,
        () => true,
      )
      assert.ok(failed)
      assert.equal(readdirSync(path), ['old'])
      assert.equal(readdirSync(folder), ['rootfs'])
    }))

  test('a path that leaves the folder is refused', () =>
    withFolder(async (folder) => {
      const image = new ImageBuilder().file('../x', '1')
      await rejects('E_IMAGE', () => writeDir(image.image(), image, join(folder, 'rootfs')))
      assert.equal(readdirSync(folder), [])
    }))
})
