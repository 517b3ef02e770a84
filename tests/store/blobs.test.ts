import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { digestOf } from '../../src/model/digest.ts'
import { verifyStore } from '../../src/store/verify.ts'
import { collect, noise } from '../support/bytes.ts'
import { ended, killed, printed, startScript } from '../support/children.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withStore } from '../support/store.ts'
import { missing, run } from '../support/tools.ts'

spec('blobs', (test) => {
  test('come back as they were, whole and in pieces', () =>
    withStore(async ({ blobs }) => {
      for (const size of [0, 1, 100_000, 3_000_000]) {
        const bytes = noise(size)
        const digest = await blobs.put(bytes)
        assert.is(digest, digestOf(bytes))
        assert.ok(Buffer.from(await blobs.read(digest)).equals(bytes))
        assert.ok((await collect(blobs.stream(digest))).equals(bytes))
      }
    }))

  test('are the same from a stream as from bytes', () =>
    withStore(async ({ blobs, layout }) => {
      const pieces = [noise(10), noise(70_000, 2)]
      const digest = await blobs.putStream(toStream(pieces))
      assert.is(digest, await blobs.put(Buffer.concat(pieces)))
      assert.equal(readdirSync(layout.tmp), [])
    }))

  test('have fixed modes and one time, whatever the umask', () =>
    withStore(async ({ blobs, layout }) => {
      const before = process.umask(0o077)
      const digest = await blobs.put(noise(10))
      await blobs.inode(digest, true)
      process.umask(before)
      for (const executable of [false, true]) {
        const { mode, mtimeMs } = statSync(layout.blob(digest, executable))
        assert.is(mode & 0o7777, executable ? 0o755 : 0o644)
        assert.is(mtimeMs, 1000)
      }
    }))

  test('do not appear when their stream fails', () =>
    withStore(async ({ blobs, layout }) => {
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield noise(100_000)
        throw new Error('cut')
      }
      await blobs.putStream(broken()).then(
        () => assert.unreachable(),
        (error) => assert.is(error.message, 'cut'),
      )
      assert.equal(readdirSync(layout.tmp), [])
      assert.equal(readdirSync(layout.blobs), [])
    }))

  test('whose bytes have changed are refused and removed', () =>
    withStore(async ({ blobs, layout }) => {
      const digest = await blobs.put(noise(1000))
      for (const read of [
        () => blobs.read(digest),
        () => collect(blobs.stream(digest)),
        () => blobs.inode(digest, false),
      ]) {
        await blobs.put(noise(1000))
        flip(layout.blob(digest, false))
        await rejects('E_STORE_CORRUPT', read)
        assert.not.ok(await blobs.has(digest))
      }
    }))

  test('can be stored by several processes at once', () =>
    withStore(async (store, home) => {
      const children = Array.from({ length: 4 }, () => startScript('store-child.ts', 'put-many', home))
      for (const { output } of await Promise.all(children.map(ended))) assert.is(output, 'done\n')
      assert.equal(readdirSync(store.layout.tmp), [])
      const { steps } = await verifyStore(store)
      assert.is(steps[0]?.checked, 40)
      assert.ok(steps.every(({ damaged }) => damaged.length === 0))
    }))

  test('are never half there after kill -9', () =>
    withStore(async (store, home) => {
      const child = startScript('store-child.ts', 'put-endless', home)
      await printed(child, 'more\nmore\n')
      await killed(child)
      assert.equal(readdirSync(store.layout.blobs), [])
      assert.is(readdirSync(store.layout.tmp).length, 1)
    }))

  const noNamespaces = missing('unshare', 'mount')

  test.unless(noNamespaces, 'that do not fit on the disk give E_STORE_FULL and leave nothing half-written', () =>
    withStore((_store, home) => {
      const output = inMount(
        'mount -t tmpfs -o size=3m full "$0"',
        home,
        'put-8-mib',
        'find "$0" -size +1100k; ls "$0"/*/tmp',
      )
      assert.is(output, 'E_STORE_FULL\n')
    }),
  )

  test.unless(noNamespaces, 'on a read-only disk give E_STORE_READ_ONLY', () =>
    withStore((_store, home) => {
      const output = inMount('mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"', home, 'put-8-mib', ':')
      assert.is(output, 'E_STORE_READ_ONLY\n')
    }),
  )
})

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[500] = (bytes[500] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

async function* toStream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** Output of a script of `store-child.ts` with a mount of its own over the store's folder, then of `after`. */
function inMount(mount: string, home: string, work: string, after: string): string {
  const script = `${mount}; "$1" tests/support/store-child.ts ${work} "$0" || :; ${after}`
  return run('unshare', '--map-root-user', '--mount', 'sh', '-ec', script, home, process.execPath).toString()
}
