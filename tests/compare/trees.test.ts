import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { COMPARE_DEFAULTS, compareSides } from '../../src/compare/compare.ts'
import { openSide, storeSide } from '../../src/compare/open-side.ts'
import { SCAN_DEFAULTS } from '../../src/formats/directory-source.ts'
import { digestOf } from '../../src/model/digest.ts'
import type { TreeEntry } from '../../src/model/tree.ts'
import { compareFiles, fileSide, imageBytes, shortLines } from '../support/compare.ts'
import { ImageBuilder } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const FORMATS = ['tar', 'cpio', 'squashfs'] as const

function tree(): ImageBuilder {
  return new ImageBuilder()
    .directory('bin')
    .file('bin/tool', 'program', { mode: 0o755 })
    .hardlink('bin/tool2', 'bin/tool')
    .directory('etc')
    .file('etc/motd', 'one\ntwo\nthree\n')
    .symlink('etc/link', 'motd')
    .device('null', 'char', 1, 3)
    .fifo('pipe')
}

spec('differences of trees', (test) => {
  for (const one of FORMATS) {
    for (const other of FORMATS) {
      test(`finds none between a ${one} and a ${other} of the same tree`, async () => {
        assert.equal(await compareFiles(await imageBytes(tree(), one), await imageBytes(tree(), other)), [])
      })
    }

    test(`finds all that a ${one} can show`, async () => {
      const changed = tree()
        .directory('etc', { mode: 0o700, uid: 5, gid: 6 })
        .file('etc/motd', 'one\n2\nthree\n', { mode: 0o600 })
        .symlink('etc/link', 'other')
        .device('null', 'char', 1, 5)
        .file('pipe', 'no pipe')
        .file('new', '')
      const differences = await compareFiles(await imageBytes(tree(), one), await imageBytes(changed, one))
      assert.equal(
        shortLines(differences).filter((line) => !line.endsWith('follows')),
        [
          'etc | mode | 0755 | 0700',
          'etc | uid | 0 | 5',
          'etc | gid | 0 | 6',
          'etc/link | target | motd | other',
          'etc/motd | mode | 0644 | 0600',
          'etc/motd | line 2 | two | 2',
          'new |  |  | file of 0 bytes',
          'null | device | char 1,3 | char 1,5',
          'pipe | kind | fifo | file of 7 bytes',
        ],
      )
    })

    test(`finds files of a ${one} that are one no more`, async () => {
      const apart = new ImageBuilder().file('a', 'x').file('b', 'x')
      const linked = new ImageBuilder().file('a', 'x').hardlink('b', 'a')
      const differences = await compareFiles(await imageBytes(linked, one), await imageBytes(apart, one))
      assert.equal(
        shortLines(differences).filter((line) => line.includes('hard link')),
        ['a | hard link | b | ', 'b | hard link | a | '],
      )
    })

    test(`shows a file of a ${one} with several names once`, async () => {
      const make = (text: string): ImageBuilder =>
        new ImageBuilder().file('a', text).hardlink('b', 'a').hardlink('c', 'a')
      const differences = await compareFiles(await imageBytes(make('1\n'), one), await imageBytes(make('2\n'), one))
      assert.equal(shortLines(differences), ['a | line 1 | 1 | 2'])
    })

    test(`finds another time in a ${one}`, async () => {
      const differences = await compareFiles(
        await imageBytes(new ImageBuilder(), one, { epoch: 1 }),
        await imageBytes(new ImageBuilder(), one, { epoch: 2 }),
      )
      assert.ok(shortLines(differences).includes(' | mtime | 1 (1970-01-01 00:00:01) | 2 (1970-01-01 00:00:02)'))
      assert.ok(differences.every(({ cause }) => cause.name === 'date'))
    })
  }

  test('finds what a squashfs says of itself', async () => {
    const [before, after] = [
      await imageBytes(tree(), 'squashfs'),
      await imageBytes(tree(), 'squashfs', {
        squashfs: { blockSize: 4096, compression: { method: 'gzip', level: 9, window: 15 } },
      }),
    ]
    assert.equal(shortLines(await compareFiles(before, after)), [
      ' | squashfs block size | 131072 | 4096',
      ' | squashfs compressor | zstd, level 3 | gzip',
    ])
  })

  test('finds other bytes of the same tree with the same fields', async () => {
    const image = await imageBytes(tree(), 'squashfs')
    const [found, ...others] = await compareFiles(image, Buffer.concat([image, Buffer.alloc(4096)]))
    assert.equal(others, [])
    assert.is(found?.where.kind === 'bytes' && found.where.why, 'the same entries and header fields')
  })

  test('finds another order of entries, and names of owners in their headers', async () => {
    const [before, after] = [await imageBytes(tree(), 'tar'), await imageBytes(tree(), 'tar')]
    // etc/link and etc/motd stand one after the other; the second has a block of content.
    const at = (name: string): number => after.indexOf(`${name}\0`)
    const [link, motd] = [at('etc/link'), at('etc/motd')]
    after.set(before.subarray(motd, motd + 1024), link)
    after.set(before.subarray(link, link + 512), link + 1024)
    after.write('root', link + 1024 + 265)
    const sumAt = link + 1024 + 148
    const sum = Number.parseInt(after.toString('latin1', sumAt, sumAt + 6), 8)
    const more = Buffer.from('root').reduce((total, byte) => total + byte, 0)
    after.write((sum + more).toString(8).padStart(6, '0'), sumAt)
    assert.equal(shortLines(await compareFiles(before, after)), [
      ' | order of entries | etc/link, etc/motd, null, … | etc/motd, etc/link, null, …',
      'etc/link | tar uname |  | root',
    ])
  })

  test('looks into images, archives and compressed files in each other', async () => {
    const make = async (word: string): Promise<Buffer> => {
      const inner = await imageBytes(new ImageBuilder().file('deep', `a ${word}\n`), 'tar')
      const outer = await imageBytes(new ImageBuilder().file('inner.tar.gz', gzipSync(inner)), 'cpio')
      return imageBytes(new ImageBuilder().file('outer.cpio.zst', zstdCompressSync(outer)), 'squashfs')
    }
    assert.equal(shortLines(await compareFiles(await make('word'), await make('thing'))), [
      'outer.cpio.zst!inner.tar.gz!deep | line 1 | a word | a thing',
    ])
  })

  test('names the image that is damaged', async () => {
    const image = await imageBytes(tree(), 'tar')
    const error = await rejects('E_ARCHIVE', () =>
      compareSides(fileSide(image, 'good.tar'), fileSide(image.subarray(0, 3000), 'bad.tar'), COMPARE_DEFAULTS),
    )
    assert.match(error.message, /^bad\.tar: /)
  })

  test('compares folders with each other and with an image', () =>
    withFolder(async (folder) => {
      for (const side of ['one', 'two']) {
        mkdirSync(join(folder, side, 'etc'), { recursive: true, mode: 0o755 })
        writeFileSync(join(folder, side, 'etc/motd'), side === 'one' ? 'hello\n' : 'bye\n', { mode: 0o644 })
        writeFileSync(join(folder, side, 'tool'), 'x', { mode: 0o755 })
        linkSync(join(folder, side, 'tool'), join(folder, side, 'tool2'))
        symlinkSync('tool', join(folder, side, 'link'))
        chmodSync(join(folder, side), 0o755)
      }
      const open = (name: string): ReturnType<typeof openSide> =>
        openSide(join(folder, name), { ...SCAN_DEFAULTS, threads: 1 })
      const expected = ['etc/motd | line 1 | hello | bye']
      assert.equal(shortLines(await compareSides(await open('one'), await open('two'), COMPARE_DEFAULTS)), expected)
      const { uid = 0, gid = 0 } = { uid: process.getuid?.(), gid: process.getgid?.() }
      const own = { uid, gid }
      const image = new ImageBuilder()
        .directory('', own)
        .directory('etc', own)
        .file('etc/motd', 'bye\n', own)
        .file('tool', 'x', { ...own, mode: 0o755 })
        .hardlink('tool2', 'tool')
        .symlink('link', 'tool', own)
      const bytes = gzipSync(await imageBytes(image, 'tar'))
      assert.equal(shortLines(await compareSides(await open('one'), fileSide(bytes), COMPARE_DEFAULTS)), expected)
      await rejects('E_USAGE', async () => compareSides(await open('one'), fileSide('text'), COMPARE_DEFAULTS))
    }))

  test('compares trees of a store by what a store keeps', async () => {
    const blobs = new ImageBuilder().file('a', 'one\n').file('b', 'two\n')
    const file = (path: string, text: string, executable: boolean): TreeEntry => ({
      kind: 'file',
      path,
      digest: digestOf(Buffer.from(text)),
      executable,
    })
    const side = (text: string, executable: boolean) =>
      storeSide('tree', [{ kind: 'directory', path: 'bin' }, file('bin/x', text, executable)], blobs)
    const differences = await compareSides(side('one\n', true), side('two\n', false), COMPARE_DEFAULTS)
    assert.equal(shortLines(differences), ['bin/x | mode | executable | not executable', 'bin/x | line 1 | one | two'])
  })

  test('stops when it is asked to', async () => {
    const many = new ImageBuilder()
    for (let number = 0; number < 300; number++) many.file(`file${number}`, String(number))
    const image = await imageBytes(many, 'tar')
    const options = { ...COMPARE_DEFAULTS, signal: AbortSignal.abort() }
    await rejects('E_INTERRUPTED', () =>
      compareSides(fileSide(image), fileSide(Buffer.concat([image, Buffer.alloc(512)])), options),
    )
  })
})
