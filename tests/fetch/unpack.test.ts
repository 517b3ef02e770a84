import { chmodSync, writeFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { unpackToTree } from '../../src/fetch/unpack/unpack-to-tree.ts'
import { digestOf } from '../../src/model/digest.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { arBytes, gnuLong, paxHeader, tarBytes } from '../support/tar-bytes.ts'
import { listTree, unpackBytes, withStore } from '../support/unpack.ts'

const XZ = { preset: 1, check: 'crc32', filter: 'none', dictionarySize: 1 << 16 } as const

/** Lines of {@link listTree} for a file of this content. */
function file(path: string, content: string | Uint8Array, mode: '-' | 'x' = '-'): string {
  return `${mode} ${path} ${digestOf(Buffer.from(content)).slice(0, 12)}`
}

const PACKAGE = tarBytes(
  { name: './', type: '5' },
  { name: './pkg-1.0/', type: '5' },
  { name: './pkg-1.0/configure', content: '#!/bin/sh\n', mode: '0000755\0' },
  { name: './pkg-1.0/src/main.c', content: 'int main;' },
  { name: './pkg-1.0/src/link.c', type: '2', link: 'main.c' },
  { name: './pkg-1.0/doc/main.txt', content: 'text' },
  { name: './pkg-1.0/copy', type: '1', link: './pkg-1.0/configure' },
  { name: './pkg-1.0/empty/', type: '5' },
)

spec('unpackToTree', (test) => {
  test('keeps kinds, the executable bit and empty folders; hard links become files', () =>
    withStore(async (store) => {
      assert.equal(await listTree(store, await unpackBytes(store, 'p.tar', PACKAGE, { strip: 1 })), [
        file('configure', '#!/bin/sh\n', 'x'),
        file('copy', '#!/bin/sh\n', 'x'),
        'd doc',
        file('doc/main.txt', 'text'),
        'd empty',
        'd src',
        'l src/link.c -> main.c',
        file('src/main.c', 'int main;'),
      ])
    }))

  test('include and exclude see paths after strip', () =>
    withStore(async (store) => {
      const selection = { strip: 1, include: ['{src,doc}/**', 'copy', 'configure'], exclude: ['**/*.txt', 'configur?'] }
      await rejects('E_ARCHIVE', () => unpackBytes(store, 'p.tar', PACKAGE, selection))
      const tree = await unpackBytes(store, 'p.tar', PACKAGE, { ...selection, include: ['{src,doc}/**'] })
      assert.equal(await listTree(store, tree), ['d src', 'l src/link.c -> main.c', file('src/main.c', 'int main;')])
    }))

  test('the format is told by the bytes, and every compression gives the same tree', () =>
    withStore(async (store) => {
      const plain = await unpackBytes(store, 'a.tar', PACKAGE)
      const half = PACKAGE.subarray(0, 1536)
      const rest = PACKAGE.subarray(1536)
      for (const bytes of [
        gzipSync(PACKAGE),
        Buffer.concat([gzipSync(half), gzipSync(rest), Buffer.alloc(100)]),
        zstdCompressSync(PACKAGE),
        Buffer.concat([zstdCompressSync(half), zstdCompressSync(rest)]),
        await xzCompress(PACKAGE, XZ),
      ]) {
        assert.is(await unpackBytes(store, 'wrong-name.zip', bytes), plain)
      }
    }))

  test('long names and links come from pax and GNU headers', () =>
    withStore(async (store) => {
      const long = `${'d/'.repeat(60)}${'n'.repeat(200)}`
      const gnu = { magic: 'ustar  \0' }
      const pax = [paxHeader({ comment: 'c0ffee' }, 'g'), paxHeader({ path: long, size: '1' }), { content: 'x' }]
      const paxLink = [paxHeader({ linkpath: long, mtime: '1.5' }), { name: 'link', type: '2', link: 'short' }]
      const first = await unpackBytes(store, 'pax.tar', tarBytes(...pax, ...paxLink))
      const second = await unpackBytes(
        store,
        'gnu.tar',
        tarBytes(gnuLong('L', long), { ...gnu, content: 'x' }, gnuLong('K', long), { ...gnu, name: 'link', type: '2' }),
      )
      assert.is(first, second)
      assert.ok((await listTree(store, first)).includes(`l link -> ${long}`))
    }))

  test('a member is unpacked instead of the archive, also when it is compressed', () =>
    withStore(async (store) => {
      const outer = gzipSync(
        tarBytes(
          { name: 'package/README', content: 'no' },
          { name: 'package/x.tar.xz', content: await xzCompress(PACKAGE, XZ) },
        ),
      )
      const inner = await unpackBytes(store, 'o.tgz', outer, { inner: ['*/*.tar.xz'], strip: 1 })
      assert.is(inner, await unpackBytes(store, 'p.tar', PACKAGE, { strip: 1 }))
    }))

  test('several members share one tree, plain files among them', () =>
    withStore(async (store) => {
      const other = tarBytes({ name: 'src/', type: '5' }, { name: 'src/other.c', content: 'o' })
      const one = tarBytes({ name: 'src/', type: '5' }, { name: 'src/one.c', content: '1' })
      const outer = tarBytes(
        { name: 'o/one.tar', content: one },
        { name: 'o/two.tar', content: other },
        { name: 'o/p' },
      )
      const tree = await unpackBytes(store, 'o.tar', outer, { inner: ['o/*'] })
      assert.equal(await listTree(store, tree), [
        file('p', ''),
        'd src',
        file('src/one.c', '1'),
        file('src/other.c', 'o'),
      ])
    }))

  test('a .deb gives the files of its data member', () =>
    withStore(async (store) => {
      const data = tarBytes({ name: './usr/lib/x', content: 'x' })
      const control = gzipSync(tarBytes({ name: './control' }))
      for (const [name, bytes] of [
        ['data.tar', data],
        ['data.tar.gz', gzipSync(data)],
        ['data.tar.xz/', await xzCompress(data, XZ)],
        ['data.tar.zst', zstdCompressSync(data)],
      ] as const) {
        const deb = arBytes(['debian-binary', '2.0\n'], ['control.tar.gz', control], [name, bytes])
        const tree = await unpackBytes(store, 'x.deb', deb)
        assert.equal(await listTree(store, tree), ['d usr', 'd usr/lib', file('usr/lib/x', 'x')])
      }
    }))

  test('what is no archive is one file under its own name, whatever strip says', () =>
    withStore(async (store) => {
      for (const [name, bytes, path] of [
        ['fix.patch', Buffer.from('--- a\n'), 'fix.patch'],
        ['fix.patch.gz', gzipSync('--- a\n'), 'fix.patch'],
        ['BZh9', Buffer.from('BZh9 is text'), 'BZh9'],
        ['empty', Buffer.alloc(0), 'empty'],
        ['zeros', Buffer.alloc(2048), 'zeros'],
      ] as const) {
        const tree = await unpackBytes(store, name, bytes, { strip: 1 })
        const content = name === 'fix.patch.gz' ? '--- a\n' : bytes
        assert.equal(await listTree(store, tree), [file(path, content)])
      }
    }))

  test('files of more than a megabyte are streamed', () =>
    withStore(async (store) => {
      const large = noise(3_000_001)
      const tree = await unpackBytes(
        store,
        'l.tar',
        tarBytes({ name: 'a', content: large }, { name: 'b', content: 'b' }),
      )
      assert.equal(await listTree(store, tree), [file('a', large), file('b', 'b')])
    }))

  test('links to nothing, circles and links up inside the tree are kept', () =>
    withStore(async (store) => {
      const links = { 'a/b': '../c', c: 'a/../gone', loop: 'loop', 'x/y/z': '../../a/./b' }
      const entries = Object.entries(links).map(([name, link]) => ({ name, link, type: '2' }))
      const tree = await unpackBytes(store, 'l.tar', tarBytes(...entries))
      for (const [name, link] of Object.entries(links)) {
        assert.ok((await listTree(store, tree)).includes(`l ${name} -> ${link}`))
      }
    }))

  test('an archive error names archive, entry and offset', () =>
    withStore(async (store) => {
      const bytes = tarBytes({ name: 'good' }, { name: '../evil' })
      const error = await rejects('E_ARCHIVE_PATH', () => unpackBytes(store, 'bad.tar', bytes))
      assert.is(error.message, 'bad.tar: "../evil" leaves the target folder with ".."')
      assert.equal(error.fields, { archive: 'bad.tar', entry: '../evil' })
    }))

  test('a damaged blob is told from a bad archive, and removed so that it is fetched again', () =>
    withStore(async (store) => {
      const packed = gzipSync(PACKAGE)
      const blob = await store.blobs.put(packed)
      const path = store.layout.blob(blob, false)
      chmodSync(path, 0o644)
      writeFileSync(
        path,
        packed.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
      )
      const source = { from: ['file:/p.tar.gz'], inner: [], strip: 0, include: [], exclude: [] }
      await rejects('E_STORE_CORRUPT', () => unpackToTree(blob, source, store))
      assert.not.ok(await store.blobs.has(blob))
    }))

  test('abort stops the work with the reason of the signal', () =>
    withStore(async (store) => {
      const blob = await store.blobs.put(PACKAGE)
      const source = { from: ['file:/p.tar'], inner: [], strip: 0, include: [], exclude: [] }
      const reason = new Error('stop')
      try {
        await unpackToTree(blob, source, store, undefined, AbortSignal.abort(reason))
        assert.unreachable()
      } catch (error) {
        assert.is(error, reason)
      }
    }))
})
