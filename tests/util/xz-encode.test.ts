import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { BranchCoder } from '../../src/util/xz/bcj.ts'
import { dictionaryFor } from '../../src/util/xz/dictionary.ts'
import { type XzSettings, xzCompress, xzCompressStream } from '../../src/util/xz/encode.ts'
import { codeLike, collect, inPieces, noise } from '../support/bytes.ts'
import { check } from '../support/property.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe, run, withFolder } from '../support/tools.ts'

const noXz = missing('xz')
const settings: XzSettings = { check: 'crc64', filter: 'none', preset: 9, dictionarySize: 2 ** 20 }

function branches(filter: 'x86' | 'arm64', direction: 'encode' | 'decode', bytes: Uint8Array, size: number): Buffer {
  const coder = new BranchCoder(filter, direction)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(coder.push(bytes.slice(at, at + size)))
  return Buffer.concat([...parts, coder.end()])
}

spec('branch filters', (test) => {
  test('x86: a call 16 bytes ahead becomes the absolute address', () => {
    const code = Uint8Array.from([0x90, 0xe8, 0x10, 0, 0, 0, 0x90, 0x90, 0x90, 0x90])
    const encoded = branches('x86', 'encode', code, 100)
    assert.equal([...encoded], [0x90, 0xe8, 0x16, 0, 0, 0, 0x90, 0x90, 0x90, 0x90])
  })

  test('arm64: bl and adrp', () => {
    const code = Buffer.alloc(0x2008)
    code.writeUInt32LE(0x94000001, 0x2000)
    code.writeUInt32LE(0x90000000, 0x2004)
    const encoded = branches('arm64', 'encode', code, 100)
    assert.is(encoded.readUInt32LE(0x2000), 0x94000801)
    assert.is(encoded.readUInt32LE(0x2004), 0xd0000000)
  })

  for (const filter of ['x86', 'arm64'] as const) {
    test(`${filter}: decoding undoes encoding, whatever the pieces`, async () => {
      const property = fc.property(
        fc.nat(3000),
        fc.integer(),
        fc.integer({ min: 1, max: 200 }),
        (length, seed, size) => {
          const code = codeLike(length, seed)
          const encoded = branches(filter, 'encode', code, 2 ** 20)
          assert.is(Buffer.compare(branches(filter, 'encode', code, size), encoded), 0)
          assert.is(Buffer.compare(branches(filter, 'decode', encoded, size), Buffer.from(code)), 0)
        },
      )
      await check(property, 300)
    })

    test.unless(noXz, `${filter}: xz undoes it too`, async () => {
      const code = codeLike(400_000, 7)
      const packed = await xzCompress(code, { ...settings, filter })
      assert.is(Buffer.compare(pipe(packed, 'xz', '-dc'), code), 0)
    })
  }
})

spec('xz encoder', (test) => {
  for (const kind of ['crc32', 'crc64', 'sha256'] as const) {
    for (const filter of ['none', 'x86', 'arm64'] as const) {
      test.unless(noXz, `xz -t, -lvv and -d agree: ${kind}, ${filter}`, () =>
        withFolder(async (folder) => {
          const bytes = Buffer.concat([codeLike(100_000), Buffer.alloc(70_001), noise(66_000)])
          const file = join(folder, 'a.xz')
          writeFileSync(file, await xzCompress(bytes, { ...settings, check: kind, filter }))
          run('xz', '-t', file)
          const listing = run('xz', '-lvv', file).toString()
          assert.match(listing, { crc32: /CRC32/, crc64: /CRC64/, sha256: /SHA-256/ }[kind])
          assert.match(listing, `${filter === 'none' ? '' : `--${filter} `}--lzma2=dict=1MiB`)
          assert.match(listing, /Blocks:\s+1\n/)
          assert.is(Buffer.compare(run('xz', '-dc', file), bytes), 0)
        }),
      )
    }
  }

  test.unless(noXz, 'small and empty content', async () => {
    for (const length of [0, 1, 3, 4, 5, 6, 8191, 65_536, 65_537]) {
      const bytes = codeLike(length)
      const packed = await xzCompress(bytes, { ...settings, filter: 'x86' })
      assert.is(packed.length % 4, 0)
      assert.is(Buffer.compare(pipe(packed, 'xz', '-dc'), bytes), 0, String(length))
    }
  })

  test('the pieces of the input and runs side by side change nothing', async () => {
    const bytes = Buffer.concat([codeLike(300_000), Buffer.from('text '.repeat(50_000))])
    const whole = await xzCompress(bytes, { ...settings, filter: 'x86' })
    const others = [1000, 65_537, 2 ** 20].map((size) =>
      collect(xzCompressStream(inPieces(bytes, size), { ...settings, filter: 'x86' })),
    )
    for (const other of await Promise.all(others)) assert.is(Buffer.compare(other, whole), 0)
  })

  test('the input is left as it was', async () => {
    const bytes = codeLike(50_000)
    const before = Buffer.from(bytes)
    await xzCompress(bytes, { ...settings, filter: 'x86', dictionarySize: dictionaryFor(bytes.length, 2 ** 26) })
    assert.is(Buffer.compare(bytes, before), 0)
  })
})
