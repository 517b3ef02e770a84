import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { IMAGE_LIMITS } from '../../src/archive/limits.ts'
import { readTarImage } from '../../src/archive/tar-image.ts'
import { tarBytes as packTar } from '../../src/formats/tar.ts'
import type { ImageReader, RandomAccess } from '../../src/model/image-reader.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { collect, inPieces, noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { ImageBuilder } from '../support/image.ts'
import { expectedMembers, readAll, readPaths } from '../support/members.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { gnuLong, paxHeader, type TarSpec, tarBytes, tarEntry } from '../support/tar-bytes.ts'
import { missing, missingRoot, run, withFolder } from '../support/tools.ts'

const read = (bytes: Uint8Array, piece = 10_000): ImageReader => readTarImage(inPieces(bytes, piece))
const entries = (...specs: readonly TarSpec[]): ImageReader => read(tarBytes(...specs))
const ROOT: TarSpec = { name: './', type: '5' }

/** Bytes in memory; counts what was read of them. */
function memory(bytes: Uint8Array, size = bytes.length): RandomAccess & { count: number } {
  return {
    size,
    count: 0,
    async read(offset, length) {
      this.count += length
      const out = Buffer.alloc(length)
      out.set(bytes.subarray(offset, offset + length))
      return out
    },
  }
}

spec('tar images', (test) => {
  test('what the writer wrote comes back, in pieces of any size', async () => {
    const tree = exampleTree().hardlink('lib/second', 'bin/busybox').fifo('run')
    const image = tree.image()
    const bytes = await collect(packTar(image, tree))
    const expected = await expectedMembers(image, tree)
    for (const size of [511, 4096, 1_000_000]) assert.equal(await readAll(read(bytes, size)), expected)
    assert.equal(await readAll(readTarImage(memory(bytes))), expected)
  })

  test('random trees come back with attributes and hard links', () => {
    const extras = { hardlinks: true, sockets: false, xattrs: true }
    const property = fc.asyncProperty(
      randomTree({ target: 4095, id: 2 ** 32 - 1 }, extras),
      fc.nat(2 ** 32 - 1),
      async (tree, epoch) => {
        const image = tree.image(epoch)
        const bytes = await collect(packTar(image, tree))
        assert.equal(await readAll(read(bytes, 65_536)), await expectedMembers(image, tree))
      },
    )
    return check(property, 60)
  })

  test('the compression is told by the bytes', async () => {
    const tree = new ImageBuilder().file('a', noise(3000))
    const bytes = await collect(packTar(tree.image(), tree))
    const expected = await expectedMembers(tree.image(), tree)
    const settings = { check: 'crc32', filter: 'none', preset: 1, dictionarySize: 2 ** 16 } as const
    for (const packed of [gzipSync(bytes), zstdCompressSync(bytes), await xzCompress(bytes, settings)]) {
      assert.equal(await readAll(read(packed, 100)), expected)
      await rejects('E_ARCHIVE', () => readAll(read(Buffer.concat([packed, Buffer.from('x')]))))
    }
  })

  test('content that nobody asks for is not read from a file', async () => {
    const tree = new ImageBuilder().file('a', noise(20_000_000)).file('b', 'b')
    const source = memory(await collect(packTar(tree.image(), tree)))
    assert.equal(await readPaths(readTarImage(source)), ['/', 'a', 'b'])
    assert.ok(source.count < 4_000_000, String(source.count))
  })

  test('a file of 9 GiB as GNU tar states it: the size in the pax header only', async () => {
    const size = 9 * 2 ** 30
    const head = Buffer.concat([tarEntry(paxHeader({ size: String(size) })), tarEntry({ name: 'big' })])
    const source = memory(head, head.length + size + 1024)
    const sizes: number[] = []
    for await (const member of readTarImage(source).members()) if (member.kind === 'file') sizes.push(member.size)
    assert.equal(sizes, [size])
    await rejects('E_ARCHIVE', () => readPaths(readTarImage(memory(head, head.length + size - 1))))
  })

  test('times before 1970 and with fractions, ids, modes with the kind in them', async () => {
    const times: number[] = []
    const files: TarSpec[] = [
      paxHeader({ mtime: '1.5', uid: '4294967295' }),
      { name: 'a', mode: '0100755\0' },
      paxHeader({ mtime: '-3.25' }),
      { name: 'b' },
      { name: 'c', patch: [136, Buffer.from('ffffffffffffffffffffffff', 'hex')] },
    ]
    for await (const member of entries(ROOT, ...files).members()) {
      if (member.kind !== 'file') continue
      times.push(member.mtime)
      if (member.path === 'a') assert.equal([member.uid, member.mode], [2 ** 32 - 1, 0o755])
    }
    assert.equal(times, [1.5, -3.25, -1])
    for (const bad of [{ mtime: 'x' }, { uid: '-1' }, { gid: '4294967296' }, { uid: '' }]) {
      await rejects('E_ARCHIVE', () => readAll(entries(paxHeader(bad), { name: 'a' })))
    }
    await rejects('E_ARCHIVE', () => readAll(entries({ name: 'a', mode: '1000644\0' })))
  })

  test('a global header holds for every entry that says nothing else', async () => {
    const global = [paxHeader({ uid: '7', comment: 'x' }, 'g'), { name: 'a' }, paxHeader({ uid: '8' }), { name: 'b' }]
    const uids: number[] = []
    for await (const member of entries(...global).members()) if (member.kind === 'file') uids.push(member.uid)
    assert.equal(uids, [7, 8])
    await rejects('E_ARCHIVE', () => readAll(entries(paxHeader({ 'SCHILY.xattr.user.a': 'x' }, 'g'), { name: 'a' })))
  })

  test('extended attributes: binary, with = and % in names, and as libarchive writes them', async () => {
    const value = Buffer.from([0, 255, 10, 61, 37, 0])
    const pax = paxHeader({
      'SCHILY.xattr.user.a%3Db%25c': value,
      'SCHILY.xattr.security.capability': value,
      'LIBARCHIVE.xattr.user.%C3%BC': value.toString('base64').replaceAll('=', ''),
      'LIBARCHIVE.xattr.security.capability': value.toString('base64'),
    })
    for await (const member of entries(ROOT, pax, { name: 'a' }).members()) {
      if (member.kind !== 'file') continue
      assert.equal(
        member.xattrs.map(({ name, value: found }) => [name, Buffer.compare(found, value)]),
        [
          ['security.capability', 0],
          ['user.a=b%c', 0],
          ['user.ü', 0],
        ],
      )
    }
  })

  for (const [name, records] of [
    ['of a namespace that is not kept', { 'SCHILY.xattr.system.posix_acl_access': 'x' }],
    ['without a name', { 'SCHILY.xattr.user.': 'x' }],
    ['too large', { 'SCHILY.xattr.user.a': 'x'.repeat(65_537) }],
    ['stated twice and different', { 'SCHILY.xattr.user.a': 'x', 'LIBARCHIVE.xattr.user.a': 'eQ==' }],
    ['not in base64', { 'LIBARCHIVE.xattr.user.a': '*' }],
    ['an access list as text', { 'SCHILY.acl.access': 'user::rwx' }],
    ['a label as text', { 'RHT.security.selinux': 'x' }],
  ] as const) {
    test(`an extended attribute that is ${name} is refused`, async () => {
      await rejects('E_ARCHIVE', () => readAll(entries(paxHeader(records), { name: 'a' })))
    })
  }

  test('folders that are left out are there with mode 0755', async () => {
    const found = await readAll(entries({ name: 'a/b/c', content: 'x' }, { name: 'a/d' }))
    const folder = { kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: [] }
    assert.equal(found.slice(0, 3), [
      { ...folder, path: '' },
      { ...folder, path: 'a' },
      { ...folder, path: 'a/b' },
    ])
    assert.is(found.length, 5)
  })

  test('names with and without ./, and with backslashes', async () => {
    const names = [ROOT, { name: './a' }, { name: 'b\\x2d', content: 'x' }, { name: './d', type: '5' }]
    assert.equal(await readPaths(entries(...names)), ['/', 'a', 'b\\x2d', 'd/'])
  })

  test('hard links name the first path; links may lead anywhere', async () => {
    const found = await readAll(
      entries(
        ROOT,
        { name: 'f', type: '6' },
        { name: 'g', type: '1', link: './f' },
        { name: 'h', type: '1', link: 'g' },
        { name: 's', type: '2', link: '/../..' },
        { name: 't', type: '1', link: 's' },
      ),
    )
    assert.equal(
      found.filter((member) => (member as { kind: string }).kind === 'hardlink'),
      [
        { kind: 'hardlink', path: 'g', target: 'f' },
        { kind: 'hardlink', path: 'h', target: 'f' },
        { kind: 'hardlink', path: 't', target: 's' },
      ],
    )
  })

  for (const [name, code, ...specs] of [
    ['twice', 'E_ARCHIVE', { name: 'a' }, { name: './a' }],
    ['the root twice', 'E_ARCHIVE', ROOT, { name: '.', type: '5' }],
    ['a folder behind what is in it', 'E_ARCHIVE', { name: 'a/b' }, { name: 'a/', type: '5' }],
    ['the root behind what is in it', 'E_ARCHIVE', { name: 'a' }, ROOT],
    ['a root that is a file', 'E_ARCHIVE_PATH', { name: '.' }],
    ['below a file', 'E_ARCHIVE', { name: 'a' }, { name: 'a/b/c' }],
    ['below a link', 'E_ARCHIVE_PATH', { name: 'a', type: '2', link: 'b' }, { name: 'a/b' }],
    ['below a hard link', 'E_ARCHIVE', { name: 'a' }, { name: 'b', type: '1', link: 'a' }, { name: 'b/c' }],
    ['out of the root', 'E_ARCHIVE_PATH', { name: '../a' }],
    ['absolute', 'E_ARCHIVE_PATH', { name: '/a' }],
    ['a hard link to nothing', 'E_ARCHIVE_PATH', { name: 'a', type: '1', link: 'b' }],
    ['a hard link to itself', 'E_ARCHIVE_PATH', { name: 'a', type: '1', link: 'a' }],
    ['a hard link to a folder', 'E_ARCHIVE_PATH', ROOT, { name: 'a', type: '1', link: '.' }],
    ['a device with content', 'E_ARCHIVE', { name: 'a', type: '3', content: 'x' }],
    ['device numbers out of range', 'E_ARCHIVE', { name: 'a', type: '3', patch: [329, '0010000\0'] }],
    ['a link without target', 'E_ARCHIVE', { name: 'a', type: '2' }],
    ['a link too long', 'E_ARCHIVE_LIMIT', gnuLong('K', 'x'.repeat(4096)), { name: 'a', type: '2', link: 'x' }],
    ['sparse', 'E_ARCHIVE', { name: 'a', type: 'S', magic: 'ustar  \0' }],
    ['contiguous', 'E_ARCHIVE', { name: 'a', type: '7' }],
  ] as const) {
    test(`refused: ${name}`, async () => void (await rejects(code, () => readAll(entries(...specs)))))
  }

  test('too many entries or bytes are refused, folders that were left out among them', async () => {
    const limited = (limits: object): ImageReader =>
      readTarImage(inPieces(tarBytes({ name: 'a/b/c', content: 'xyz' }), 512), { ...IMAGE_LIMITS, ...limits })
    await rejects('E_ARCHIVE_LIMIT', () => readAll(limited({ entries: 3 })))
    await rejects('E_ARCHIVE_LIMIT', () => readAll(limited({ bytes: 2 })))
    assert.is((await readAll(limited({ entries: 4, bytes: 3 }))).length, 4)
  })

  test('content is there at its member only', async () => {
    const kept: (() => AsyncIterable<Uint8Array>)[] = []
    for await (const member of entries({ name: 'a', content: 'x' }, { name: 'b' }).members()) {
      if (member.kind === 'file') kept.push(member.content)
    }
    await rejects('E_INTERNAL', () => collect((kept[0] as () => AsyncIterable<Uint8Array>)()))
  })

  test('what is no tar archive is refused', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('text'), gzipSync('text'), Buffer.alloc(2048)]) {
      await rejects('E_ARCHIVE', () => readAll(read(bytes)))
    }
  })

  for (const [program, ...args] of [
    ['tar', '--format=posix', '--xattrs', '--xattrs-include=user.*'],
    ['tar', '--format=gnu'],
    ['tar', '--format=ustar'],
    ['bsdtar', '--format=pax', '--xattrs'],
    ['bsdtar', '--format=gnutar'],
  ] as const) {
    test.unless(missingRoot() ?? missing(program, 'mknod', 'setfattr'), `reads ${program} ${args[0]}`, () =>
      withFolder(async (folder) => {
        const root = join(folder, 'root')
        mkdirSync(join(root, 'd'), { recursive: true })
        writeFileSync(join(root, 'd/file'), noise(70_000))
        run('ln', join(root, 'd/file'), join(root, 'd/second'))
        run('ln', '-s', '../nowhere', join(root, 'link'))
        run('mknod', join(root, 'dev'), 'b', '259', '70000')
        run('mkfifo', join(root, 'fifo'))
        run('chown', '-h', '70000:2000000', join(root, 'd/file'))
        run('touch', '-d', '@1234567890.5', join(root, 'd/file'))
        if (args.some((arg) => arg === '--xattrs'))
          run('setfattr', '-n', 'user.x', '-v', '0x00ff0a', join(root, 'd/file'))
        const sorted = ['--no-recursion', '-T', join(folder, 'names')]
        writeFileSync(join(folder, 'names'), '.\n./d\n./d/file\n./d/second\n./dev\n./fifo\n./link\n')
        const bytes = run(program, ...args, '-C', root, '-cf', '-', ...sorted)
        const seen = new Map<string, Record<string, unknown>>()
        for (const member of await readAll(read(bytes))) {
          const fields = member as { path: string }
          seen.set(fields.path, { ...fields })
        }
        assert.equal([...seen.keys()], ['', 'd', 'd/file', 'd/second', 'dev', 'fifo', 'link'])
        const file = seen.get('d/file') ?? {}
        assert.is(file.uid, 70_000)
        assert.is(file.gid, 2_000_000)
        assert.is(file.mtime, args[0] === '--format=posix' || args[0] === '--format=pax' ? 1234567890.5 : 1234567890)
        assert.equal(file.xattrs, args.some((arg) => arg === '--xattrs') ? [['user.x', '00ff0a']] : [])
        assert.equal(seen.get('d/second'), { kind: 'hardlink', path: 'd/second', target: 'd/file' })
        const { kind, type, major, minor } = seen.get('dev') ?? {}
        assert.equal([kind, type, major, minor], ['device', 'block', 259, 70_000])
        assert.is(seen.get('fifo')?.kind, 'fifo')
        assert.is(seen.get('link')?.target, '../nowhere')
      }),
    )
  }
})
