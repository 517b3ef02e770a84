import * as assert from 'uvu/assert'
import { xzDecompress } from '../../src/util/xz/decode.ts'
import { type XzSettings, xzCompress } from '../../src/util/xz/encode.ts'
import { codeLike, collect, inPieces, noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe } from '../support/tools.ts'

const noXz = missing('xz')
const settings: XzSettings = { check: 'crc64', filter: 'x86', preset: 9, dictionarySize: 2 ** 20 }
const unpack = (bytes: Uint8Array, maxBytes = 2 ** 30, size = 10_000): Promise<Buffer> =>
  collect(xzDecompress(inPieces(bytes, size), { maxBytes }))

spec('xz decoder', (test) => {
  test('reads what the encoder writes, in pieces of any size', async () => {
    const bytes = Buffer.concat([codeLike(200_000), noise(70_000), Buffer.alloc(500_000)])
    const packed = await xzCompress(bytes, settings)
    for (const size of [1, 7, 1000, 2 ** 20]) assert.is(Buffer.compare(await unpack(packed, 2 ** 30, size), bytes), 0)
    assert.is((await unpack(await xzCompress(new Uint8Array(0), settings))).length, 0)
  })

  for (const options of [
    ['-0'],
    ['-6', '--check=crc32'],
    ['--check=none'],
    ['--check=sha256'],
    ['--x86', '--lzma2=preset=6'],
    ['--arm64', '--lzma2=preset=6'],
    ['--x86', '--arm64', '--lzma2=preset=1,lc=1,lp=2,pb=0'],
    ['-T2', '--block-size=50000'],
    ['--block-size=50000'],
  ]) {
    test.unless(noXz, `reads xz ${options.join(' ')}`, async () => {
      const bytes = Buffer.concat([codeLike(200_000), noise(70_000), Buffer.alloc(500_000)])
      assert.is(Buffer.compare(await unpack(pipe(bytes, 'xz', '-c', ...options)), bytes), 0)
    })
  }

  test.unless(noXz, 'more than is kept on the way: 70 MB in one block and in many', async () => {
    const bytes = Buffer.alloc(70_000_000, noise(100_003))
    for (const options of [['-0'], ['-0', '-T2', '--block-size=1000000']]) {
      assert.is(Buffer.compare(await unpack(pipe(bytes, 'xz', '-c', ...options), 2 ** 30, 65_536), bytes), 0)
    }
  })

  test('concatenated streams and stream padding', async () => {
    const one = await xzCompress(Buffer.from('one '), settings)
    const two = await xzCompress(Buffer.from('two'), settings)
    const file = Buffer.concat([one, Buffer.alloc(8), two, Buffer.alloc(4)])
    assert.is((await unpack(file)).toString(), 'one two')
  })

  test('anything behind the end is refused', async () => {
    const packed = await xzCompress(Buffer.from('one'), settings)
    for (const extra of ['x', '\0', '\0\0\0', '\0\0\0\0x', '\xfd7zXZ', 'BZh9']) {
      await rejects('E_ARCHIVE', () => unpack(Buffer.concat([packed, Buffer.from(extra, 'latin1')])))
    }
  })

  test('a file cut off anywhere is refused', async () => {
    const packed = await xzCompress(codeLike(500), settings)
    for (let length = 0; length < packed.length; length++) {
      await rejects('E_ARCHIVE', () => unpack(packed.subarray(0, length)))
    }
  })

  test('a changed byte anywhere is refused', async () => {
    const packed = await xzCompress(codeLike(500), settings)
    for (let at = 0; at < packed.length; at++) {
      const changed = Buffer.from(packed)
      changed[at] = (changed[at] as number) ^ 0x41
      await rejects('E_ARCHIVE', () => unpack(changed))
    }
  })

  test('a bomb is refused before it unpacks', async () => {
    const bomb = await xzCompress(Buffer.alloc(20_000_000), settings)
    assert.ok(bomb.length < 10_000)
    const error = await rejects('E_ARCHIVE_LIMIT', () => unpack(bomb, 1_000_000))
    assert.is(error.fields.limit, 1_000_000)
    assert.is((await unpack(bomb, 20_000_000)).length, 20_000_000)
  })

  test.unless(noXz, 'a dictionary that no source archive needs is refused', async () => {
    const packed = pipe(Buffer.from('x'), 'xz', '-c', '--lzma2=preset=0,dict=512MiB')
    await rejects('E_ARCHIVE_LIMIT', () => unpack(packed))
  })

  test.unless(noXz, 'an unknown filter is refused', async () => {
    const packed = pipe(Buffer.from('x'), 'xz', '-c', '--delta', '--lzma2=preset=0')
    await rejects('E_ARCHIVE', () => unpack(packed))
  })

  test('a reader that stops early ends the threads and the input', async () => {
    const packed = await xzCompress(noise(3_000_000), settings)
    let closed = false
    const input = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(packed, 1000)
      } finally {
        closed = true
      }
    }
    for await (const piece of xzDecompress(input(), { maxBytes: 2 ** 30 })) {
      assert.ok(piece.length > 0)
      break
    }
    assert.ok(closed)
  })
})
