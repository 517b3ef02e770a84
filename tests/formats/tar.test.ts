import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { tarBytes } from '../../src/formats/tar.ts'
import type { BlobReader, Image } from '../../src/model/image.ts'
import { collect, inPieces, noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { digestOfSize, expectedListing, ImageBuilder } from '../support/image.ts'
import { bsdtarListing, folderListing } from '../support/listing.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, pipe, withFolder } from '../support/tools.ts'

const noBsdtar = missing('bsdtar')
const noTar = missingRoot() ?? missing('tar')
const tar = (image: Image, blobs: BlobReader): Promise<Buffer> => collect(tarBytes(image, blobs))
const text = (bytes: Buffer, at: number, length: number): string => bytes.toString('latin1', at, at + length)

/** A reader that must not be asked. */
const noBlobs: BlobReader = {
  read: () => Promise.reject(new Error('read')),
  stream: () => {
    throw new Error('stream')
  },
}

spec('tar', (test) => {
  test('a header, byte by byte', async () => {
    const tree = new ImageBuilder().file('a', 'hello', { mode: 0o4711, uid: 7, gid: 8 })
    const bytes = await tar(tree.image(1_000_000_000), tree)
    assert.is(bytes.length, 512 * 5)
    assert.is(text(bytes, 0, 3), './\0')
    assert.is(text(bytes, 156, 1), '5')
    const header = bytes.subarray(512, 1024)
    assert.is(text(header, 0, 2), 'a\0')
    assert.is(text(header, 100, 8), '004711 \0')
    assert.is(text(header, 108, 8), '000007 \0')
    assert.is(text(header, 116, 8), '000010 \0')
    assert.is(text(header, 124, 12), '00000000005 ')
    assert.is(text(header, 136, 12), '07346545000 ')
    assert.is(text(header, 156, 1), '0')
    assert.is(text(header, 257, 8), 'ustar\x0000')
    assert.ok(
      header.subarray(265, 329).every((byte) => byte === 0),
      'no user and group names',
    )
    assert.is(text(bytes, 1024, 6), 'hello\0')
    assert.ok(
      bytes.subarray(1536).every((byte) => byte === 0),
      'two empty blocks at the end',
    )
  })

  test('mode 0, id 300000 and times after 2038 stay what they are', async () => {
    const tree = new ImageBuilder().file('a', '', { mode: 0, uid: 300_000, gid: 2 ** 32 - 1 })
    const bytes = await tar(tree.image(2 ** 32 - 1), tree)
    assert.match(bytes.toString('latin1'), '14 uid=300000\n')
    assert.match(bytes.toString('latin1'), '18 gid=4294967295\n')
    assert.match(bytes.toString('latin1'), '20 mtime=4294967295\n')
    assert.match(bytes.toString('latin1'), '000000 \0')
    assert.not.match(bytes.toString('latin1'), '000644')
  })

  test('the same image gives the same bytes', async () => {
    const tree = exampleTree()
    assert.is(Buffer.compare(await tar(tree.image(), tree), await tar(tree.image(), exampleTree())), 0)
  })

  test.unless(noBsdtar, 'bsdtar reads everything', async () => {
    const tree = exampleTree().file('huge', noise(9_000_001))
    const found = bsdtarListing(await tar(tree.image(), tree))
    assert.equal(found, await expectedListing(tree.image(), tree))
  })

  test.unless(noTar, 'GNU tar unpacks everything', () =>
    withFolder(async (folder) => {
      const tree = exampleTree().symlink('far', 'x'.repeat(3000)).device('dev/b', 'block', 259, 1000)
      const root = join(folder, 'root')
      mkdirSync(root)
      pipe(await tar(tree.image(), tree), 'tar', '-x', '-p', '--numeric-owner', '-C', root)
      assert.equal(folderListing(root), await expectedListing(tree.image(), tree))
    }),
  )

  test.unless(noBsdtar, 'bsdtar reads random trees', () =>
    check(
      fc.asyncProperty(randomTree({ target: 4095, id: 2 ** 32 - 1 }), fc.nat(2 ** 32 - 1), async (tree, epoch) => {
        const image = tree.image(epoch)
        assert.equal(bsdtarListing(await tar(image, tree)), await expectedListing(image, tree))
      }),
      40,
    ),
  )

  test('a device number beyond six octal digits is refused', async () => {
    const tree = new ImageBuilder().device('a', 'char', 1, 2 ** 18)
    await rejects('E_IMAGE', () => tar(tree.image(), tree))
  })

  test('errors of the reader come through, and nothing hangs', async () => {
    const small = new ImageBuilder().file('a', 'x').image()
    const digest = digestOfSize(2 ** 30)
    const large: Image = { ...small, entries: small.entries.map((e) => (e.kind === 'file' ? { ...e, digest } : e)) }
    for (const image of [small, large]) {
      const error = await tar(image, noBlobs).then(
        () => null,
        (reason) => reason,
      )
      assert.match(String(error), /read|stream/)
    }
  })

  test('a file of another size than its digest says is refused', async () => {
    const tree = new ImageBuilder().file('a', 'x')
    const image = tree.image()
    for (const size of [2, 5_000_000]) {
      const entries = image.entries.map((e) => (e.kind === 'file' ? { ...e, digest: digestOfSize(size) } : e))
      const wrong: BlobReader = { read: async () => Buffer.from('x'), stream: () => inPieces(Buffer.from('x'), 1) }
      await rejects('E_STORE_CORRUPT', () => tar({ ...image, entries }, wrong))
    }
  })
})
