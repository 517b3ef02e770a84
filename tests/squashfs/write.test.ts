import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { BlobReader, BranchFilter, Image } from '../../src/model/image.ts'
import { type SquashfsOptions, writeSquashfs } from '../../src/squashfs/write.ts'
import { armCalls, codeLike, inPieces, noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { digestOfSize, expectedListing, ImageBuilder, MemorySink } from '../support/image.ts'
import { bsdtarListing, folderListing } from '../support/listing.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, missingSquashfsMount, run, withFolder, withMount } from '../support/tools.ts'

const noMount = missingSquashfsMount()
const noUnsquashfs = missing('unsquashfs')
const noSqfs2tar = missing('sqfs2tar', 'bsdtar')

const XZ: SquashfsOptions = {
  compression: { method: 'xz', branchFilter: 'x86', dictionarySize: 2 ** 20 },
  blockSize: 2 ** 20,
  fragments: true,
  exportable: true,
  parallel: 3,
}
const GZIP: SquashfsOptions = { ...XZ, compression: { method: 'gzip', level: 9, window: 15 }, blockSize: 2 ** 17 }
const xz = (branchFilter: BranchFilter, blockSize: number, dictionarySize = blockSize): SquashfsOptions => ({
  ...XZ,
  compression: { method: 'xz', branchFilter, dictionarySize },
  blockSize,
})
const VARIANTS: readonly SquashfsOptions[] = [
  XZ,
  xz('none', 2 ** 17),
  xz('arm64', 2 ** 18),
  { ...xz('x86', 2 ** 16, 24_576), fragments: false },
  GZIP,
  { ...GZIP, blockSize: 4096 },
  { ...GZIP, compression: { method: 'gzip', level: 1, window: 8 }, fragments: false, exportable: false },
  { ...GZIP, compression: { method: 'zstd', level: 15 } },
  { ...GZIP, compression: { method: 'zstd', level: 22 }, blockSize: 8192, exportable: false },
]
const named = (options: SquashfsOptions): string =>
  [
    ...Object.values(options.compression),
    options.blockSize,
    options.fragments ? 'fragments' : '',
    options.exportable ? 'exportable' : '',
  ].join(' ')

async function pack(tree: ImageBuilder, options: SquashfsOptions, epoch?: number): Promise<Buffer> {
  const sink = new MemorySink()
  await writeSquashfs(tree.image(epoch), tree, sink, options)
  return sink.finish()
}

/** The example image, packed once for each set of options. */
const examples = new Map<SquashfsOptions, Promise<Buffer>>()
function packExample(options: SquashfsOptions): Promise<Buffer> {
  const packed = examples.get(options) ?? pack(exampleTree(), options)
  examples.set(options, packed)
  return packed
}

/** Writes the image to a file and has it mounted while `body` runs. */
async function mounted(image: Buffer, body: (root: string) => void | Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, 'image'), image)
    mkdirSync(join(folder, 'root'))
    await withMount(join(folder, 'image'), join(folder, 'root'), () => body(join(folder, 'root')))
  })
}

async function sqfs2tarListing(image: Buffer): Promise<string[]> {
  return withFolder((folder) => {
    writeFileSync(join(folder, 'image'), image)
    return bsdtarListing(run('sqfs2tar', '--root-becomes', '.', join(folder, 'image')))
  })
}

spec('squashfs, read by others', (test) => {
  for (const options of VARIANTS) {
    test.unless(noMount, `the kernel: ${named(options)}`, async () => {
      const tree = exampleTree()
        .symlink('far', 'x'.repeat(4095))
        .device('dev/b', 'block', 4095, 2 ** 20 - 1)
      await mounted(await pack(tree, options), async (root) =>
        assert.equal(folderListing(root), await expectedListing(tree.image(), tree)),
      )
    })

    test.unless(noSqfs2tar, `sqfs2tar: ${named(options)}`, async () => {
      const tree = exampleTree()
      assert.equal(await sqfs2tarListing(await packExample(options)), await expectedListing(tree.image(), tree))
    })

    test.unless(missingRoot() ?? noUnsquashfs, `unsquashfs: ${named(options)}`, () =>
      withFolder(async (folder) => {
        const tree = exampleTree()
        writeFileSync(join(folder, 'image'), await packExample(options))
        run('unsquashfs', '-n', '-d', join(folder, 'root'), join(folder, 'image'))
        assert.equal(folderListing(join(folder, 'root')), await expectedListing(tree.image(), tree))
      }),
    )
  }

  test.unless(noUnsquashfs, 'unsquashfs -s sees what the superblock should say', () =>
    withFolder(async (folder) => {
      const tree = exampleTree()
      writeFileSync(join(folder, 'image'), await packExample(XZ))
      const text = run('env', 'TZ=UTC', 'unsquashfs', '-s', join(folder, 'image')).toString()
      for (const line of [
        'Creation or last append time Tue Nov 14 22:13:20 2023',
        'Compression xz',
        'Dictionary size 1048576',
        'Filters selected: x86',
        'Block size 1048576',
        'Filesystem is exportable via NFS',
        'Xattrs are not stored',
        'Duplicates are removed',
        `Number of inodes ${tree.image().entries.length}`,
      ]) {
        assert.match(text, line)
      }
    }),
  )

  test.unless(noMount, 'the kernel finds names in large folders', async () => {
    const tree = new ImageBuilder().directory('a').directory('b')
    const names = Array.from({ length: 5000 }, (_, at) => `file-${String((at * 7919) % 5000).padStart(5, '0')}`)
    for (const name of names) tree.file(`a/${name}`, name)
    for (let at = 0; at < 700; at++)
      tree.directory(`b/${'d'.repeat(at % 50)}${at}`).file(`b/${'d'.repeat(at % 50)}${at}/x`, '')
    await mounted(await pack(tree, GZIP), async (root) => {
      for (const name of names) assert.is(readFileSync(join(root, 'a', name), 'utf8'), name)
      assert.is(statSync(join(root, 'b')).nlink, 702)
      assert.is(readdirSync(join(root, 'a')).length, 5000)
      for (const name of ['a/file', 'a/file-05000', 'a/aaa', 'a/zzz', 'b/d']) {
        assert.throws(() => statSync(join(root, name)), /ENOENT/)
      }
      assert.equal(folderListing(root), await expectedListing(tree.image(), tree))
    })
  })

  test.unless(noMount, 'a sparse file above 4 GiB', async () => {
    const size = 2 ** 32 + 2 ** 20 + 3
    const image: Image = {
      epoch: 0,
      entries: [
        { kind: 'directory', path: '', mode: 0o755, uid: 0, gid: 0, xattrs: [] },
        { kind: 'file', path: 'f', digest: digestOfSize(size), mode: 0o644, uid: 0, gid: 0, xattrs: [] },
      ],
    }
    const zeros = Buffer.alloc(2 ** 20)
    const blobs: BlobReader = {
      read: () => Promise.reject(new Error('too large')),
      async *stream() {
        for (let at = 0; at < 4096; at++) yield zeros
        yield noise(2 ** 20)
        yield Buffer.from('end')
      },
    }
    const sink = new MemorySink()
    await writeSquashfs(image, blobs, sink, XZ)
    assert.ok(sink.size < 2 ** 20 + 2 ** 15)
    await mounted(sink.finish(), (root) => {
      const path = join(root, 'f')
      assert.is(statSync(path).size, size)
      assert.is(statSync(path).blocks, 2 ** 11 + 1)
      const last = run('tail', '-c', String(2 ** 20 + 4), path)
      assert.ok(last.equals(Buffer.concat([Buffer.alloc(1), noise(2 ** 20), Buffer.from('end')])))
    })
  })

  test.unless(noMount, 'long link targets and large device numbers', async () => {
    const tree = new ImageBuilder().symlink('far', 'x'.repeat(4095)).device('b', 'block', 4095, 2 ** 20 - 1)
    await mounted(await pack(tree, XZ), async (root) =>
      assert.equal(folderListing(root), await expectedListing(tree.image(), tree)),
    )
  })

  test.unless(noMount, 'inode numbers are 1 to n, and zeros take no space', async () => {
    const tree = exampleTree()
    await mounted(await packExample(XZ), (root) => {
      const numbers = tree.image().entries.flatMap((entry) => {
        return entry.kind === 'symlink' ? [] : [statSync(join(root, entry.path)).ino]
      })
      assert.is(new Set(numbers).size, numbers.length)
      assert.ok(numbers.every((number) => number >= 1 && number <= tree.image().entries.length))
      assert.is(statSync(join(root, 'usr/zeros')).blocks, 0)
      assert.ok(statSync(join(root, 'lib/libc.so.6')).blocks * 512 < 1_600_000)
    })
  })

  test.unless(noMount, 'the kernel reads random trees', () =>
    check(
      fc.asyncProperty(
        randomTree({ target: 4095, id: 2 ** 32 - 2 }),
        fc.constantFrom(...VARIANTS),
        fc.nat(2 ** 32 - 1),
        async (tree, options, epoch) => {
          await mounted(await pack(tree, options, epoch), async (root) =>
            assert.equal(folderListing(root), await expectedListing(tree.image(epoch), tree)),
          )
        },
      ),
      25,
    ),
  )

  test.unless(noSqfs2tar, 'sqfs2tar reads random trees', () =>
    check(
      fc.asyncProperty(
        // It ends long link names without the NUL that libarchive wants, and has signed times.
        randomTree({ target: 99, id: 2 ** 32 - 2 }),
        fc.constantFrom(...VARIANTS),
        fc.nat(2 ** 31 - 1),
        async (tree, options, epoch) => {
          const found = await sqfs2tarListing(await pack(tree, options, epoch))
          assert.equal(found, await expectedListing(tree.image(epoch), tree))
        },
      ),
      25,
    ),
  )
})

spec('squashfs, as written', (test) => {
  test('the bytes do not depend on how many blocks are packed at once', async () => {
    const one = await pack(exampleTree(), { ...XZ, parallel: 1 })
    const many = await pack(exampleTree(), { ...XZ, parallel: 16 })
    assert.is(Buffer.compare(one, many), 0)
  })

  test('padded to whole pages', async () => {
    const image = await pack(new ImageBuilder(), XZ)
    assert.is(image.length, 4096)
    assert.ok(image.readUInt32LE(40) < 4096)
  })

  test('equal files are stored once', async () => {
    const content = noise(300_000)
    const once = await pack(new ImageBuilder().file('a', content), XZ)
    const twice = await pack(new ImageBuilder().file('a', content).file('b', content), XZ)
    assert.ok(twice.length - once.length <= 4096)
  })

  test('equal blocks before different tails are stored once, and equal tails', async () => {
    const [blocks, tail] = [noise(2 ** 18), noise(50_000, 7)]
    const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts)
    const once = await pack(new ImageBuilder().file('a', joined(blocks, tail)), GZIP)
    const tree = new ImageBuilder()
      .file('a', joined(blocks, tail))
      .file('b', joined(blocks, noise(10)))
      .file('c', blocks)
      .file('d', tail)
      .file('e', joined(noise(2 ** 17, 5), tail))
    const all = await pack(tree, GZIP)
    assert.ok(all.length - once.length < 2 ** 17 + 4096 + 100, `${all.length} after ${once.length}`)
  })

  test('files that begin alike and go on differently keep their blocks', async () => {
    const start = noise(2 ** 17)
    const tree = new ImageBuilder()
    for (let at = 0; at < 6; at++) tree.file(`f${at}`, Buffer.concat([start, noise(2 ** 17, 101 + 2 * at)]))
    const image = await pack(tree, GZIP)
    assert.ok(image.length > 12 * 2 ** 17)
  })

  test('a file that is not what its digest says is refused', async () => {
    const tree = new ImageBuilder().file('a', noise(300_000))
    for (const size of [0, 299_999, 300_001]) {
      const blobs = {
        read: async () => noise(size),
        stream: () => inPieces(noise(size), 1000),
      }
      await rejects('E_STORE_CORRUPT', () => writeSquashfs(tree.image(), blobs, new MemorySink(), GZIP))
    }
    const large = new ImageBuilder().file('a', noise(5_000_000))
    for (const size of [4_999_999, 5_000_001]) {
      const blobs = { read: large.read, stream: () => inPieces(noise(size), 1_000_000) }
      await rejects('E_STORE_CORRUPT', () => writeSquashfs(large.image(), blobs, new MemorySink(), GZIP))
    }
  })

  test('small files share a block', async () => {
    const tree = new ImageBuilder()
    for (let at = 0; at < 100; at++) tree.file(`f${at}`, codeLike(1000, at))
    assert.is((await pack(tree, XZ)).readUInt32LE(16), 1)
  })

  test('code in fragments is aligned, so that the ARM64 filter sees whole instructions', async () => {
    const tree = new ImageBuilder()
      .file('a', 'abc')
      .file('b', armCalls(200_000))
      .file('c', armCalls(200_000 - 2))
    const plain = await pack(tree, xz('none', 2 ** 20))
    const filtered = await pack(tree, xz('arm64', 2 ** 20))
    const [small = 0, large = 0] = [filtered, plain].map((image) => image.readUInt32LE(40))
    assert.ok(small < large * 0.93, `${small} of ${large}`)
  })

  test('block sizes that the kernel does not know are refused', async () => {
    for (const blockSize of [0, 2048, 5000, 2 ** 21, Number.NaN]) {
      await rejects('E_IMAGE', () => pack(new ImageBuilder(), { ...XZ, blockSize }))
    }
  })

  test('an image that breaks the rules is refused before anything is written', async () => {
    const sink = new MemorySink()
    const tree = new ImageBuilder().file('a/b', '')
    await rejects('E_IMAGE', () => writeSquashfs(tree.image(), tree, sink, XZ))
    assert.is(sink.size, 0)
  })

  test('errors of the reader come through', async () => {
    const tree = new ImageBuilder().file('a', noise(10_000))
    const failing = { ...GZIP, blockSize: 4096 }
    const image = tree.image()
    const error = await writeSquashfs(image, new ImageBuilder(), new MemorySink(), failing).then(() => null, String)
    assert.match(error ?? '', 'no blob')
  })
})
