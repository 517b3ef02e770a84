import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { readCpioImage } from '../../src/archive/cpio-image.ts'
import { IMAGE_LIMITS } from '../../src/archive/limits.ts'
import { cpioBytes } from '../../src/formats/cpio.ts'
import type { ImageReader } from '../../src/model/image-reader.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { collect, inPieces, noise } from '../support/bytes.ts'
import { type CpioSpec, cpioArchive, FOLDER_MODE, LINK_MODE } from '../support/cpio-bytes.ts'
import { exampleTree } from '../support/example.ts'
import { HOSTILE_CPIO } from '../support/hostile-cpio.ts'
import { sha256 } from '../support/image.ts'
import { expectedMembers, readAll, readPaths } from '../support/members.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, pipe, run, withFolder } from '../support/tools.ts'

const read = (bytes: Uint8Array, piece = 10_000): ImageReader => readCpioImage(inPieces(bytes, piece))
const entries = (...specs: readonly CpioSpec[]): ImageReader => read(cpioArchive(...specs))
const byPath = (members: readonly unknown[]): unknown[] =>
  (members as { path: string }[]).toSorted((a, b) => (a.path < b.path ? -1 : 1))

spec('cpio images', (test) => {
  test('what the writer wrote comes back, in pieces of any size', async () => {
    const tree = exampleTree()
      .hardlink('lib/second', 'bin/busybox')
      .hardlink('usr/null', 'dev/null')
      .hardlink('usr/sh', 'bin/sh')
      .socket('run')
    const image = tree.image()
    const bytes = await collect(cpioBytes(image, tree))
    const expected = byPath(await expectedMembers(image, tree))
    for (const size of [3, 511, 1_000_000]) assert.equal(byPath(await readAll(read(bytes, size))), expected)
    assert.equal(byPath(await readAll(read(gzipSync(bytes)))), expected)
  })

  test('random trees come back with hard links', () => {
    const property = fc.asyncProperty(
      randomTree({ target: 4095, id: 2 ** 32 - 1 }, { hardlinks: true, sockets: true, xattrs: false }),
      fc.nat(2 ** 32 - 1),
      async (tree, epoch) => {
        const image = tree.image(epoch)
        const bytes = await collect(cpioBytes(image, tree))
        assert.equal(byPath(await readAll(read(bytes, 65_536))), byPath(await expectedMembers(image, tree)))
      },
    )
    return check(property, 60)
  })

  test('the content of hard links is taken from whichever name has it', async () => {
    const linked = { ino: 5, links: 3 }
    for (const at of [0, 1, 2]) {
      const names = ['a', 'b', 'c'].map((name, index) => ({ name, ...linked, content: index === at ? 'xyz' : '' }))
      const found = (await readAll(entries({ name: '.', mode: FOLDER_MODE }, ...names))) as Record<string, unknown>[]
      assert.equal(
        found.slice(1).map(({ kind, path, target, content }) => [kind, path, target ?? content]),
        [
          ['file', 'a', sha256(Buffer.from('xyz'))],
          ['hardlink', 'b', 'a'],
          ['hardlink', 'c', 'a'],
        ],
      )
    }
  })

  test('an empty file with several names, some of which are not in the archive', async () => {
    const names = ['a', 'b'].map((name) => ({ name, ino: 5, links: 4 }))
    assert.equal(await readPaths(entries({ name: '.', mode: FOLDER_MODE }, ...names, { name: 'z' })), [
      '/',
      'z',
      'a',
      'b',
    ])
  })

  test('checksums of the second form are checked', async () => {
    const content = noise(100_000)
    const checksum = content.reduce((sum, byte) => (sum + byte) >>> 0, 0)
    assert.is((await readAll(entries({ name: 'a', content, magic: '070702', checksum }))).length, 2)
  })

  test('folders that are left out are there with mode 0755; more NULs behind a name are padding', async () => {
    const found = await readPaths(entries({ name: 'a/b\0\0', mode: LINK_MODE, content: '/x' }))
    assert.equal(found, ['/', 'a/', 'a/b'])
  })

  test('every name of the corpus is there once', () => {
    assert.is(new Set(HOSTILE_CPIO.map(({ name }) => name)).size, HOSTILE_CPIO.length)
  })

  for (const { name, code, says, bytes } of HOSTILE_CPIO) {
    test(`${name} is refused`, async () => {
      const error = await rejects(code, () => readAll(read(bytes(), 100)))
      assert.match(error.message, says)
    })
  }

  test('too many entries or bytes are refused', async () => {
    const limited = (limits: object): ImageReader =>
      readCpioImage(inPieces(cpioArchive({ name: 'a', content: 'xyz' }), 512), { ...IMAGE_LIMITS, ...limits })
    await rejects('E_ARCHIVE_LIMIT', () => readAll(limited({ entries: 1 })))
    await rejects('E_ARCHIVE_LIMIT', () => readAll(limited({ bytes: 2 })))
  })

  test('damaged archives are refused with a code or read; they never crash or hang', () => {
    const seed = cpioArchive(
      { name: '.', mode: FOLDER_MODE },
      { name: 'a', content: 'xyz', ino: 1, links: 2 },
      { name: 'b', ino: 1, links: 2 },
    )
    const flips = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 4 })
    const property = fc.asyncProperty(flips, fc.nat(seed.length), fc.boolean(), async (changes, cut, isCut) => {
      const bytes = Buffer.from(seed)
      for (const [at, mask] of changes) bytes[at] = (bytes[at] as number) ^ mask
      try {
        await readAll(read(isCut ? bytes.subarray(0, cut) : bytes))
      } catch (error) {
        assert.ok(error instanceof MrrlError && error.code.startsWith('E_ARCHIVE'), String(error))
      }
    })
    return check(property, 1000)
  })

  for (const [program, format] of [
    ['cpio', 'newc'],
    ['cpio', 'crc'],
    ['bsdcpio', 'newc'],
  ] as const) {
    test.unless(missingRoot() ?? missing(program, 'mknod'), `reads ${program} -H ${format}`, () =>
      withFolder(async (folder) => {
        mkdirSync(join(folder, 'd'))
        writeFileSync(join(folder, 'd/file'), noise(70_000))
        run('ln', join(folder, 'd/file'), join(folder, 'd/second'))
        run('ln', '-s', '/nowhere', join(folder, 'link'))
        run('mknod', join(folder, 'dev'), 'c', '259', '70000')
        run('mkfifo', join(folder, 'fifo'))
        run('chown', '-h', '70000:2000000', join(folder, 'd/file'))
        const names = ['.', 'd', 'd/file', 'd/second', 'dev', 'fifo', 'link'].join('\n')
        const bytes = pipe(
          Buffer.from(`${names}\n`),
          'sh',
          '-c',
          `cd '${folder}' && ${program} -o -H ${format} --quiet`,
        )
        const found = byPath(await readAll(read(bytes))) as Record<string, unknown>[]
        assert.equal(
          found.map(({ kind, path }) => [kind, path]),
          [
            ['directory', ''],
            ['directory', 'd'],
            ['file', 'd/file'],
            ['hardlink', 'd/second'],
            ['device', 'dev'],
            ['fifo', 'fifo'],
            ['symlink', 'link'],
          ],
        )
        assert.equal([found[2]?.uid, found[2]?.gid, found[2]?.content], [70_000, 2_000_000, sha256(noise(70_000))])
        assert.equal([found[4]?.major, found[4]?.minor], [259, 70_000])
      }),
    )
  }
})
