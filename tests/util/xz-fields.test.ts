import * as assert from 'uvu/assert'
import { decodeBlockHeader, encodeBlockHeader } from '../../src/util/xz/block-header.ts'
import { startCheck } from '../../src/util/xz/check.ts'
import { codeOfDictionary, dictionaryFor, dictionaryOfCode } from '../../src/util/xz/dictionary.ts'
import { encodeIndex } from '../../src/util/xz/index-field.ts'
import { decodeMultibyte, encodeMultibyte } from '../../src/util/xz/multibyte.ts'
import { decodeStreamHeader, encodeStreamFooter, encodeStreamHeader } from '../../src/util/xz/stream-frame.ts'
import { noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

spec('xz fields', (test) => {
  test('numbers: 7 bits a byte, lowest first', () => {
    assert.is(hex(encodeMultibyte(0)), '00')
    assert.is(hex(encodeMultibyte(127)), '7f')
    assert.is(hex(encodeMultibyte(128)), '8001')
    assert.is(hex(encodeMultibyte(2 ** 53 - 1)), 'ffffffffffffff0f')
    for (const value of [0, 1, 300, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1]) {
      assert.is(decodeMultibyte(encodeMultibyte(value), 0).value, value)
    }
  })

  test('numbers: cut off, too long and too large ones are refused', async () => {
    for (const bytes of [[], [0x80], [0x80, 0x00], [255, 255, 255, 255, 255, 255, 255, 0x10], Array(9).fill(0x81)]) {
      await rejects('E_ARCHIVE', () => decodeMultibyte(Uint8Array.from(bytes), 0))
    }
  })

  test('checks have the published values for 123456789', () => {
    const of = (check: 'crc32' | 'crc64' | 'sha256' | 'none'): string => {
      const running = startCheck(check)
      running.update(Buffer.from('1234567'))
      running.update(Buffer.from('89'))
      return hex(running.digest())
    }
    assert.is(of('crc32'), '2639f4cb')
    assert.is(of('crc64'), 'fa3919dfbbc95d99')
    assert.is(of('sha256'), '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225')
    assert.is(of('none'), '')
  })

  test('crc64 does not depend on the pieces', () => {
    const bytes = noise(10_000)
    const whole = startCheck('crc64')
    whole.update(bytes)
    const pieces = startCheck('crc64')
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size % 29) + 1) {
      pieces.update(bytes.subarray(at, Math.min(at + size, bytes.length)))
    }
    assert.is(hex(pieces.digest()), hex(whole.digest()))
  })

  test('dictionary sizes', () => {
    assert.is(dictionaryOfCode(0), 4096)
    assert.is(dictionaryOfCode(1), 6144)
    assert.is(dictionaryOfCode(22), 8 * 2 ** 20)
    assert.is(dictionaryOfCode(40), 2 ** 32 - 1)
    for (let code = 0; code <= 40; code++) assert.is(codeOfDictionary(dictionaryOfCode(code)), code)
    assert.is(dictionaryFor(0, 2 ** 26), 4096)
    assert.is(dictionaryFor(4097, 2 ** 26), 8192)
    assert.is(dictionaryFor(2 ** 40, 2 ** 26), 2 ** 26)
  })

  test('stream header and footer, as the specification draws them', async () => {
    assert.is(hex(encodeStreamHeader('crc64')), 'fd377a585a000004e6d6b446')
    assert.is(hex(encodeStreamHeader('crc32')), 'fd377a585a0000016922de36')
    assert.is(hex(encodeStreamFooter('crc64', 8)), '1fb6f37d010000000004595a')
    assert.is(decodeStreamHeader(encodeStreamHeader('sha256')), 'sha256')
    await rejects('E_ARCHIVE', () => decodeStreamHeader(Buffer.from('fd377a585a000104e6d6b446', 'hex')))
    await rejects('E_ARCHIVE', () => decodeStreamHeader(Buffer.alloc(12)))
  })

  test('an empty stream is header, index and footer', () => {
    assert.is(hex(encodeIndex([])), '000000001cdf4421')
  })

  test('block header: 12 bytes without filter, sizes kept when given', () => {
    const plain = { filters: [], dictionarySize: 2 ** 23, compressedSize: null, unpackedSize: null }
    assert.is(hex(encodeBlockHeader(plain)), '0200210116000000742fe5a3')
    const full = { filters: ['x86' as const], dictionarySize: 4096, compressedSize: 5, unpackedSize: 2 ** 33 }
    for (const header of [plain, full]) assert.equal(decodeBlockHeader(encodeBlockHeader(header)), header)
  })

  test('block header: a changed bit is refused wherever it is', async () => {
    const bytes = encodeBlockHeader({
      filters: ['arm64'],
      dictionarySize: 2 ** 20,
      compressedSize: 1000,
      unpackedSize: 2000,
    })
    for (let bit = 8; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      await rejects('E_ARCHIVE', () => decodeBlockHeader(changed))
    }
  })
})
