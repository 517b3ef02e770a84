import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { DEFAULT_SQUASHFS_LIMITS } from '../../src/squashfs/limits.ts'
import { openSquashfs } from '../../src/squashfs/read.ts'
import { type SquashfsOptions, writeSquashfs } from '../../src/squashfs/write.ts'
import { codeLike, collect, noise } from '../support/bytes.ts'
import { ImageBuilder, MemorySink } from '../support/image.ts'
import { expectedMembers, readAll } from '../support/members.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { memoryFile, mountListing, readerListing } from '../support/squashfs-image.ts'
import { missing, missingSquashfsMount, run, withFolder, withMount } from '../support/tools.ts'

const noTools = missingSquashfsMount() ?? missing('mksquashfs', 'setfattr', 'getfattr')
const noNg = missingSquashfsMount() ?? missing('gensquashfs', 'tar2sqfs', 'setfattr', 'getfattr')

/** Files of all kinds, with the features that a squashfs can have; needs root. */
function fillFolder(root: string): void {
  const at = (path: string): string => join(root, path)
  mkdirSync(at('empty'), { recursive: true })
  mkdirSync(at('a/b/c'), { recursive: true })
  writeFileSync(at('a/b/hi'), 'hi')
  linkSync(at('a/b/hi'), at('a/hard'))
  linkSync(at('a/b/hi'), at('zz'))
  symlinkSync('a/b/hi', at('link'))
  linkSync(at('link'), at('linked-link'))
  writeFileSync(at('zero'), '')
  writeFileSync(at('code'), codeLike(3_000_000))
  writeFileSync(at('whole'), noise(2 ** 20))
  writeFileSync(at('text'), 'some text '.repeat(40_000))
  writeFileSync(at('sparse'), noise(4096))
  truncateSync(at('sparse'), 5_000_000)
  writeFileSync(at('größe 名前 😀'), 'ü')
  symlinkSync('x'.repeat(4000), at('far'))
  for (let file = 0; file < 600; file++) writeFileSync(at(`a/b/c/${'n'.repeat(file % 90)}${file}`), noise(file, file))
  for (const args of [
    ['mkfifo', at('fifo')],
    ['mknod', at('block'), 'b', '8', '300'],
    ['mknod', at('char'), 'c', '511', '70000'],
    ['chown', '1000:70000', at('code')],
    ['chmod', '6711', at('code')],
    ['setfattr', '-n', 'user.one', '-v', 'small', at('a/b/hi')],
    ['setfattr', '-n', 'user.empty', at('a/b/hi')],
    ['setfattr', '-n', 'security.large', '-v', 'q'.repeat(3000), at('code')],
    ['setfattr', '-n', 'security.large', '-v', 'q'.repeat(3000), at('text')],
    ['setfattr', '-h', '-n', 'trusted.link', '-v', 'l', at('link')],
    ['setfattr', '-n', 'trusted.root', '-v', 'r', root],
    ['setfattr', '-n', 'trusted.folder', '-v', 'f', at('a/b/c')],
    ['setfattr', '-h', '-n', 'trusted.fifo', '-v', 'p', at('fifo')],
    ['setfattr', '-h', '-n', 'security.dev', '-v', 'd', at('block')],
  ]) {
    run(args[0] as string, ...args.slice(1))
  }
  utimesSync(at('zero'), 2 ** 31 + 5, 2 ** 31 + 5)
}

/** The folder that all variants pack, made at first use. */
let filled: string | null = null
function filledFolder(): string {
  if (filled !== null) return filled
  const scratch = mkdtempSync(join(tmpdir(), 'mrrl-test-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  filled = join(scratch, 'source')
  fillFolder(filled)
  return filled
}

/** Packs a folder with all kinds of files and compares what we read with what the kernel shows. */
async function compare(pack: (folder: string, image: string) => void): Promise<Buffer> {
  return withFolder(async (folder) => {
    const [image, mounted] = [join(folder, 'image'), join(folder, 'mounted')]
    pack(filledFolder(), image)
    mkdirSync(mounted)
    const bytes = readFileSync(image)
    const found = await readerListing(bytes)
    // A loop device has whole sectors.
    truncateSync(image, Math.ceil(bytes.length / 4096) * 4096)
    await withMount(image, mounted, () => sameLines(found, mountListing(mounted)))
    return bytes
  })
}

/** Long lists, of which only the first difference is of interest. */
function sameLines(found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((row, index) => row !== found[index])
  if (at >= 0) assert.is(found[at], expected[at])
  assert.is(found.length, expected.length)
}

const VARIANTS: readonly (readonly string[])[] = [
  ['-comp', 'gzip'],
  ['-comp', 'gzip', '-b', '4K', '-Xstrategy', 'huffman_only,default'],
  ['-comp', 'gzip', '-b', '1M', '-no-fragments', '-no-exports'],
  ['-comp', 'xz'],
  ['-comp', 'xz', '-b', '1M', '-Xbcj', 'x86', '-Xdict-size', '50%', '-always-use-fragments'],
  ['-comp', 'xz', '-b', '8K', '-no-duplicates'],
  ['-comp', 'zstd'],
  ['-comp', 'zstd', '-b', '1M', '-Xcompression-level', '22', '-tailends'],
  ['-comp', 'zstd', '-b', '64K', '-all-root', '-nopad'],
  ['-comp', 'gzip', '-noI', '-noD', '-noF', '-noX', '-noId'],
  ['-comp', 'gzip', '-noInodeCompression', '-no-xattrs', '-no-sparse'],
  ['-comp', 'xz', '-noD', '-force-uid', '70000', '-mkfs-time', '4294967295', '-all-time', '4294967295'],
]

spec('squashfs, written by others', (test) => {
  for (const options of VARIANTS) {
    test.unless(noTools, `mksquashfs ${options.join(' ')}`, async () => {
      await compare((folder, image) =>
        run('mksquashfs', folder, image, '-quiet', '-noappend', '-no-progress', ...options),
      )
    })
  }

  test.unless(noTools, 'mksquashfs, appended twice, once below a folder', async () => {
    await compare((folder, image) => {
      run('mksquashfs', folder, image, '-quiet', '-no-progress')
      run('mksquashfs', join(folder, 'a'), image, '-quiet', '-no-progress')
      run('mksquashfs', join(folder, 'a/b'), image, '-quiet', '-no-progress', '-root-becomes', 'old')
    })
  })

  for (const compression of ['gzip', 'xz', 'zstd']) {
    test.unless(noNg, `gensquashfs, ${compression}`, async () => {
      await compare((folder, image) =>
        run('gensquashfs', '-q', '-c', compression, '-D', folder, '-x', '-k', '-o', image),
      )
    })
    test.unless(noNg, `tar2sqfs, ${compression}`, async () => {
      await compare((folder, image) => {
        const options = '--xattrs --xattrs-include=* --sort=name'
        run('sh', '-c', `tar -C ${folder} ${options} -cf - . | tar2sqfs -q -c ${compression} -b 64K ${image}`)
      })
    })
  }

  for (const compression of ['lzo', 'lz4', 'lzma']) {
    test.unless(noTools, `${compression} is refused by name`, () =>
      withFolder(async (folder) => {
        mkdirSync(join(folder, 'source'))
        writeFileSync(join(folder, 'source/file'), 'x'.repeat(1000))
        run('mksquashfs', join(folder, 'source'), join(folder, 'image'), '-quiet', '-no-progress', '-comp', compression)
        const bytes = readFileSync(join(folder, 'image'))
        const error = await rejects('E_ARCHIVE', () => openSquashfs(memoryFile(bytes), DEFAULT_SQUASHFS_LIMITS))
        assert.match(error.message, compression)
      }),
    )
  }

  test.unless(noTools, 'a folder of 50000 entries, listed and looked up', () =>
    withFolder(async (folder) => {
      const source = join(folder, 'source')
      mkdirSync(source)
      const names = Array.from({ length: 50_000 }, (_, at) => `file-${(at * 7919) % 50_000}`)
      for (const name of names) writeFileSync(join(source, name), name.slice(-1))
      run('mksquashfs', source, join(folder, 'image'), '-quiet', '-no-progress', '-comp', 'gzip')
      const bytes = readFileSync(join(folder, 'image'))
      const reader = await openSquashfs(memoryFile(bytes), DEFAULT_SQUASHFS_LIMITS)
      const found: string[] = []
      for await (const member of reader.members()) found.push(member.path)
      assert.equal(found, ['', ...names.sort()])
      for (const name of ['file-0', 'file-25000', 'file-49999', 'file-9999']) {
        const member = await reader.lookup(name)
        if (member?.kind !== 'file') throw new Error(`${name} is not found`)
        assert.is((await collect(member.content())).toString(), name.slice(-1))
      }
      for (const name of ['file', 'file-50000', 'a', 'z', '', 'file-0/x', '/file-0', 'file-0/', '.', '..']) {
        const member = await reader.lookup(name)
        assert.is(member?.kind, name === '' ? 'directory' : undefined, name)
      }
    }),
  )
})

const GZIP: SquashfsOptions = {
  compression: { method: 'gzip', level: 6, window: 15 },
  blockSize: 2 ** 17,
  fragments: true,
  exportable: true,
  parallel: 2,
}
const OURS: readonly SquashfsOptions[] = [
  GZIP,
  { ...GZIP, blockSize: 4096, fragments: false, exportable: false },
  { ...GZIP, compression: { method: 'zstd', level: 3 }, blockSize: 2 ** 20 },
  { ...GZIP, compression: { method: 'xz', branchFilter: 'x86', dictionarySize: 2 ** 16 }, blockSize: 2 ** 16 },
  { ...GZIP, compression: { method: 'xz', branchFilter: 'arm64', dictionarySize: 2 ** 20 }, blockSize: 2 ** 20 },
]

async function written(tree: ImageBuilder, options: SquashfsOptions, epoch: number): Promise<Buffer> {
  const sink = new MemorySink()
  await writeSquashfs(tree.image(epoch), tree, sink, options)
  return sink.finish()
}

spec('squashfs, written by us', (test) => {
  test('random trees come back', () =>
    check(
      fc.asyncProperty(
        randomTree({ target: 4095, id: 2 ** 32 - 1 }, { hardlinks: true, sockets: true, xattrs: true }),
        fc.constantFrom(...OURS),
        fc.nat(2 ** 32 - 1),
        async (tree, options, epoch) => {
          const reader = await openSquashfs(memoryFile(await written(tree, options, epoch)))
          assert.equal(await readAll(reader), await expectedMembers(tree.image(epoch), tree))
        },
      ),
      40,
    ))

  test('every path of a random tree is found, others are not', () =>
    check(
      fc.asyncProperty(
        randomTree({ target: 100, id: 1000 }, { hardlinks: true, sockets: true, xattrs: false }),
        async (tree) => {
          const image = tree.image(5)
          const reader = await openSquashfs(memoryFile(await written(tree, GZIP, 5)))
          for (const entry of image.entries) {
            const found = await reader.lookup(entry.path)
            assert.is(found?.path, entry.path)
            if (entry.kind !== 'hardlink') assert.is(found?.kind, entry.kind)
            assert.is(await reader.lookup(`${entry.path}/no such name`), null)
          }
        },
      ),
      20,
    ))

  test('a long folder with an index: each name is found, and few blocks are read', async () => {
    const tree = new ImageBuilder().directory('d')
    for (let file = 0; file < 5000; file++) tree.file(`d/${'name'.repeat(10)}${file}`, '')
    const bytes = await written(tree, GZIP, 5)
    let read = 0
    const file = memoryFile(bytes)
    const counting = {
      size: file.size,
      read: (offset: number, length: number) => {
        read += length
        return file.read(offset, length)
      },
    }
    const reader = await openSquashfs(counting)
    for (let at = 0; at < 5000; at += 97) {
      assert.is((await reader.lookup(`d/${'name'.repeat(10)}${at}`))?.kind, 'file')
    }
    assert.ok(read < bytes.length * 2, `${read} of ${bytes.length} bytes`)
  })

  test('pieces can be left unread, and files read side by side', async () => {
    const content = Buffer.from(noise(3_000_000))
    const tree = new ImageBuilder().file('a', content).file('b', content.subarray(1)).file('c', 'tail')
    const reader = await openSquashfs(memoryFile(await written(tree, { ...GZIP, blockSize: 4096 }, 5)))
    const files = await Promise.all(['a', 'b', 'c'].map((path) => reader.lookup(path)))
    const read = await Promise.all(files.map((file) => (file?.kind === 'file' ? collect(file.content()) : null)))
    assert.ok(read[0]?.equals(content))
    assert.ok(read[1]?.equals(content.subarray(1)))
    assert.is(read[2]?.toString(), 'tail')
    if (files[0]?.kind === 'file') {
      for await (const piece of files[0].content()) {
        assert.is(piece.length, 4096)
        break
      }
    }
  })
})
