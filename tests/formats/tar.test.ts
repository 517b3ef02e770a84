import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import * as assert from 'uvu/assert'
import { tarBytes } from '../../src/formats/tar.ts'
import { sizeOf } from '../../src/model/digest.ts'
import type { BlobReader, Image } from '../../src/model/image.ts'
import { collect, inPieces, noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { digestOfSize, expectedListing, ImageBuilder } from '../support/image.ts'
import { bsdtarListing, folderListing } from '../support/listing.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, pipe, run, withFolder } from '../support/tools.ts'

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

  test('device numbers beyond six octal digits take the room of the space', async () => {
    const tree = new ImageBuilder().device('a', 'char', 4095, 2 ** 20 - 1)
    const bytes = await tar(tree.image(), tree)
    assert.is(text(bytes, 512 + 329, 8), '007777 \0')
    assert.is(text(bytes, 512 + 337, 8), '3777777\0')
    if (noBsdtar === null) assert.equal(bsdtarListing(bytes), await expectedListing(tree.image(), tree))
  })

  test('a hard link has the target as it is named in the archive, and no content', async () => {
    const tree = new ImageBuilder().file('a', 'hello', { mode: 0o600, uid: 5 }).hardlink('b', 'a')
    const header = (await tar(tree.image(), tree)).subarray(1536)
    assert.is(text(header, 0, 2), 'b\0')
    assert.is(text(header, 100, 8), '000600 \0')
    assert.is(text(header, 108, 8), '000005 \0')
    assert.is(text(header, 124, 12), '00000000000 ')
    assert.is(text(header, 156, 3), '1a\0')
  })

  test('extended attributes are pax records whose lengths count bytes', async () => {
    const value = Buffer.from([0, 10, 61, 255, 200])
    const xattrs = [
      { name: 'user.a=b%c', value },
      { name: 'user.ü', value },
    ]
    const tree = new ImageBuilder().file('a', '', { xattrs })
    const bytes = (await tar(tree.image(), tree)).subarray(512)
    assert.is(text(bytes, 156, 1), 'x')
    const record = (keyword: string): Buffer => Buffer.concat([Buffer.from(`${keyword}=`), value, Buffer.from('\n')])
    const records = Buffer.concat([
      Buffer.from('9 path=a\n'),
      record('37 SCHILY.xattr.user.a%3Db%25c'),
      record('30 SCHILY.xattr.user.ü'),
    ])
    assert.is(Number.parseInt(text(bytes, 124, 11), 8), records.length)
    assert.is(Buffer.compare(bytes.subarray(512, 512 + records.length), records), 0)
  })

  test('what tar cannot hold is refused', async () => {
    const socket = new ImageBuilder().socket('a')
    await rejects('E_IMAGE', () => tar(socket.image(), socket))
    const xattrs = Array.from({ length: 17 }, (_, at) => ({ name: `user.${at + 10}`, value: noise(65_536) }))
    const large = new ImageBuilder().file('a', '', { xattrs })
    await rejects('E_IMAGE', () => tar(large.image(), large))
  })

  test.unless(noTar ?? missing('getfattr'), 'GNU tar and bsdtar give extended attributes and hard links back', () =>
    withFolder(async (folder) => {
      const value = Buffer.from([0, 10, 61, 255, 200])
      const xattrs = [
        { name: 'security.other', value: Buffer.from('x') },
        { name: 'trusted.t', value: noise(3000) },
        { name: 'user.ü', value },
      ]
      const tree = exampleTree()
        .file('attributes', 'x', { xattrs })
        .hardlink('lib/second', 'bin/busybox')
        .hardlink('usr/sh', 'bin/sh')
        .fifo('run')
      const bytes = await tar(tree.image(), tree)
      for (const program of ['tar', ...(noBsdtar === null ? ['bsdtar'] : [])]) {
        const root = join(folder, program)
        mkdirSync(root)
        const options = program === 'tar' ? ['--xattrs', '--xattrs-include=*'] : ['--xattrs']
        pipe(bytes, program, '-x', '-p', '--numeric-owner', ...options, '-f', '-', '-C', root)
        // bsdtar leaves the time of the folder that it unpacks into.
        const expected = await expectedListing(tree.image(), tree)
        assert.equal(folderListing(root).slice(1), expected.slice(1))
        assert.is(lstatSync(join(root, 'lib/second')).ino, lstatSync(join(root, 'bin/busybox')).ino)
        assert.is(lstatSync(join(root, 'usr/sh')).ino, lstatSync(join(root, 'bin/sh')).ino)
        const dump = run('getfattr', '-d', '-m', '-', '-e', 'hex', '--absolute-names', join(root, 'attributes'))
        for (const { name, value: bytes } of xattrs) {
          assert.ok(dump.toString().includes(`=0x${Buffer.from(bytes).toString('hex')}\n`), `${program}: ${name}`)
        }
      }
    }),
  )

  test.unless(noTar, 'GNU tar unpacks random trees with hard links', () =>
    check(
      fc.asyncProperty(
        randomTree({ target: 4000, id: 2 ** 32 - 2 }, { hardlinks: true, sockets: false, xattrs: false }),
        (tree) =>
          withFolder(async (folder) => {
            pipe(await tar(tree.image(), tree), 'tar', '-x', '-p', '--numeric-owner', '-C', folder)
            assert.equal(folderListing(folder), await expectedListing(tree.image(), tree))
          }),
      ),
      25,
    ),
  )

  test('tar-stream, which knows no records for ids and times, reads names, kinds and contents', async () => {
    const tree = exampleTree().hardlink('lib/second', 'bin/busybox').fifo('run')
    const found: string[] = []
    const reader = extract()
    reader.end(await tar(tree.image(), tree))
    for await (const entry of reader) {
      const bytes = await collect(entry as AsyncIterable<Uint8Array>)
      found.push(
        `${entry.header.type} ${entry.header.name.replace(/\/$/, '')} ${entry.header.linkname ?? ''} ${bytes.length}`,
      )
    }
    const types = {
      directory: 'directory',
      file: 'file',
      symlink: 'symlink',
      hardlink: 'link',
      fifo: 'fifo',
      socket: '',
    }
    const expected = tree.image().entries.map((entry) => {
      const type =
        entry.kind === 'device' ? `${entry.type === 'char' ? 'character' : 'block'}-device` : types[entry.kind]
      const target = entry.kind === 'symlink' || entry.kind === 'hardlink' ? entry.target : ''
      const size = entry.kind === 'file' ? sizeOf(entry.digest) : 0
      return `${type} ${entry.path === '' ? '.' : entry.path} ${target} ${size}`
    })
    assert.equal(found, expected)
  })

  test('contents are read ahead, but never more than a few megabytes', async () => {
    const tree = new ImageBuilder()
    for (let at = 0; at < 200; at++) tree.file(`f${at}`, noise(at % 10 === 9 ? 1_100_000 : 300_000, at + 1))
    let open = 0
    let most = 0
    const slow: BlobReader = {
      async read(digest) {
        open += sizeOf(digest)
        most = Math.max(most, open)
        await setTimeout(1)
        return tree.read(digest)
      },
      async *stream(digest) {
        yield* tree.stream(digest)
      },
    }
    let length = 0
    for await (const piece of tarBytes(tree.image(), slow)) {
      length += piece.length
      open = Math.max(0, open - piece.length)
    }
    assert.is(length, (await tar(tree.image(), tree)).length)
    assert.ok(most > 1_000_000 && most < 10 * 2 ** 20, String(most))
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
