import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { cpioBytes } from '../../src/formats/cpio.ts'
import type { BlobReader, Image } from '../../src/model/image.ts'
import { collect } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { digestOfSize, expectedListing, ImageBuilder } from '../support/image.ts'
import { folderListing } from '../support/listing.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, pipe, withFolder } from '../support/tools.ts'

const cpio = (image: Image, blobs: BlobReader): Promise<Buffer> => collect(cpioBytes(image, blobs))

/** Unpacks with a foreign program. GNU cpio has no option for the folder, bsdcpio sets the times of folders itself. */
function unpack(program: string, bytes: Uint8Array, folder: string): void {
  pipe(bytes, 'sh', '-c', `cd '${folder}' && ${program} -i -d -m -u --quiet`)
}

spec('cpio', (test) => {
  test('an archive, byte by byte', async () => {
    const tree = new ImageBuilder().file('ab', 'hello', { mode: 0o4711, uid: 7, gid: 2 ** 32 - 1 })
    const bytes = await cpio(tree.image(1_000_000_000), tree)
    const root = `07070100000001000041ED0000000000000000000000023B9ACA00${'0'.repeat(40)}0000000200000000.\0`
    const file = '070701000000020000' + '89C9' + '00000007FFFFFFFF00000001' + '3B9ACA00' + '00000005'
    const expected =
      `${root}${file}${'0'.repeat(32)}0000000300000000ab\0\0\0\0hello\0\0\0` +
      `070701${'0'.repeat(32)}00000001${'0'.repeat(48)}0000000B00000000TRAILER!!!\0\0\0\0`
    assert.is(bytes.toString('latin1', 0, expected.length).replaceAll('\0', '.'), expected.replaceAll('\0', '.'))
    assert.is(bytes.length, 512)
    assert.ok(bytes.subarray(expected.length).every((byte) => byte === 0))
  })

  test('names of one file share its number; the content stands with the last', async () => {
    const tree = new ImageBuilder().file('a', 'hello').file('b', 'b').hardlink('c', 'a').hardlink('d', 'a')
    const bytes = (await cpio(tree.image(), tree)).toString('latin1')
    const headers = [...bytes.matchAll(/070701([0-9A-F]{104})([a-zA-Z.!]+)/g)].map(([, fields = '', name]) => [
      name,
      Number.parseInt(fields.slice(0, 8), 16),
      Number.parseInt(fields.slice(32, 40), 16),
      Number.parseInt(fields.slice(48, 56), 16),
    ])
    assert.equal(headers, [
      ['.', 1, 2, 0],
      ['a', 2, 3, 0],
      ['b', 3, 1, 1],
      ['c', 2, 3, 0],
      ['d', 2, 3, 5],
      ['TRAILER!!!', 0, 1, 0],
    ])
  })

  test('the same image gives the same bytes', async () => {
    const tree = exampleTree()
    assert.is(Buffer.compare(await cpio(tree.image(), tree), await cpio(tree.image(), exampleTree())), 0)
  })

  test('what cpio cannot hold is refused', async () => {
    const xattrs = [{ name: 'user.a', value: Buffer.from('x') }]
    for (const tree of [
      new ImageBuilder().file('a', '', { xattrs }),
      new ImageBuilder().file('TRAILER!!!', ''),
      Array.from({ length: 20 }, (_, depth) =>
        Array(depth + 1)
          .fill('n'.repeat(255))
          .join('/'),
      ).reduce((builder, path) => builder.directory(path), new ImageBuilder()),
    ]) {
      await rejects('E_IMAGE', () => cpio(tree.image(), tree))
    }
    const small = new ImageBuilder().file('a', 'x')
    const digest = digestOfSize(2 ** 32)
    const entries = small.image().entries.map((entry) => (entry.kind === 'file' ? { ...entry, digest } : entry))
    await rejects('E_IMAGE', () => cpio({ ...small.image(), entries }, small))
    await rejects('E_STORE_CORRUPT', () =>
      cpio(
        { ...small.image(), entries: entries.map((e) => (e.kind === 'file' ? { ...e, digest: digestOfSize(2) } : e)) },
        { read: async () => Buffer.from('x'), stream: small.stream },
      ),
    )
  })

  for (const program of ['cpio', 'bsdcpio']) {
    test.unless(missingRoot() ?? missing(program), `${program} unpacks everything`, () =>
      withFolder(async (folder) => {
        const tree = exampleTree()
          .hardlink('lib/second', 'bin/busybox')
          .hardlink('lib/third', 'bin/busybox')
          .hardlink('usr/null', 'dev/null')
          .hardlink('usr/sh', 'bin/sh')
          .fifo('fifo')
          .device('dev/big', 'block', 4095, 2 ** 20 - 1)
        // libarchive makes a file of a socket.
        if (program === 'cpio') tree.socket('socket')
        const bytes = await cpio(tree.image(), tree)
        const root = join(folder, 'root')
        mkdirSync(root)
        unpack(program, bytes, root)
        const expected = await expectedListing(tree.image(), tree)
        assert.equal(withoutFolderTimes(folderListing(root)), withoutFolderTimes(expected))
        const inode = (path: string): number => lstatSync(join(root, path)).ino
        assert.equal([inode('lib/second'), inode('lib/third')], [inode('bin/busybox'), inode('bin/busybox')])
        assert.is(inode('usr/null'), inode('dev/null'))
      }),
    )

    test.unless(missingRoot() ?? missing(program), `${program} unpacks random trees`, () =>
      check(
        fc.asyncProperty(
          // GNU cpio looks at the first 3072 bytes of a link; neither can give a file to an id that means "leave it".
          randomTree({ target: 3000, id: 2 ** 32 - 2 }, { hardlinks: true, sockets: false, xattrs: false }),
          (tree) =>
            withFolder(async (folder) => {
              unpack(program, await cpio(tree.image(), tree), folder)
              const expected = await expectedListing(tree.image(), tree)
              assert.equal(withoutFolderTimes(folderListing(folder)), withoutFolderTimes(expected))
            }),
        ),
        25,
      ),
    )
  }
})

/** Both programs leave the folder alone that they unpack into, and put files into folders whose time is set already. */
function withoutFolderTimes(lines: readonly string[]): string[] {
  return lines.slice(1).map((text) => {
    const [path, kind, mode, uid, gid, time, detail] = JSON.parse(text) as unknown[]
    return JSON.stringify([path, kind, mode, uid, gid, kind === 'dir' || kind === 'link' ? 0 : time, detail])
  })
}
