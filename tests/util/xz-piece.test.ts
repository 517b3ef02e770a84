import * as assert from 'uvu/assert'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { openXzPiece, unpackXzPiece, unpackXzPieceAside } from '../../src/util/xz/unpack.ts'
import { armCalls, codeLike, noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe } from '../support/tools.ts'

const MOST = 2 ** 23
const TEXT = Buffer.from('some text, and more text, and text again. '.repeat(50_000))
const INPUTS: Readonly<Record<string, Uint8Array>> = {
  'one byte': Uint8Array.of(7),
  text: TEXT,
  zeros: Buffer.alloc(3_000_000),
  noise: noise(300_000),
  'x86 code': codeLike(700_000),
  'ARM64 code': armCalls(700_000),
  'noise between text': Buffer.concat([TEXT.subarray(0, 5000), noise(100_000), TEXT.subarray(0, 99_000)]),
}

spec('xz in one piece', (test) => {
  for (const [name, input] of Object.entries(INPUTS)) {
    for (const filter of ['none', 'x86', 'arm64'] as const) {
      test(`${name}, ${filter}`, async () => {
        const settings = { preset: 6, check: 'crc32', filter, dictionarySize: 2 ** 20 } as const
        const piece = openXzPiece(await xzCompress(input, settings), MOST)
        assert.is(piece.unpackedSize, input.length)
        assert.is(Buffer.compare(unpackXzPiece(piece), input), 0)
        assert.is(Buffer.compare(await unpackXzPieceAside(piece), input), 0)
      })
    }
  }

  for (const options of ['lc=0,lp=4,pb=0', 'lc=4,lp=0,pb=4', 'lc=1,lp=3,pb=2,nice=4', 'lc=3,mode=fast,mf=hc3']) {
    test.unless(missing('xz'), `by xz with ${options}`, () => {
      const input = Buffer.concat([codeLike(200_000), TEXT])
      const packed = pipe(input, 'xz', '-T1', '--check=sha256', `--lzma2=preset=6,dict=64KiB,${options}`, '-c')
      assert.is(Buffer.compare(unpackXzPiece(openXzPiece(packed, MOST)), input), 0)
    })
  }

  test('never more than allowed', async () => {
    const packed = await xzCompress(TEXT, { preset: 1, check: 'none', filter: 'none', dictionarySize: 2 ** 20 })
    await rejects('E_ARCHIVE', () => openXzPiece(packed, TEXT.length - 1))
    assert.is(openXzPiece(packed, TEXT.length).unpackedSize, TEXT.length)
  })

  test('cut off anywhere, or with any bit changed', async () => {
    const text = TEXT.subarray(0, 500)
    const packed = await xzCompress(text, { preset: 6, check: 'crc32', filter: 'none', dictionarySize: 4096 })
    for (let length = 0; length < packed.length; length++) {
      await rejects('E_ARCHIVE', () => unpackXzPiece(openXzPiece(packed.subarray(0, length), MOST)))
    }
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const changed = Buffer.from(packed)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      await rejects('E_ARCHIVE', () => unpackXzPiece(openXzPiece(changed, MOST)))
    }
  })
})
