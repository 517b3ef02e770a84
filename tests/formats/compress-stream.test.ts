import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { type CompressOptions, compressStream } from '../../src/formats/compress-stream.ts'
import { IMAGE_WRITERS } from '../../src/formats/writers.ts'
import { codeLike, collect, inPieces, noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { ImageBuilder, MemorySink } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, pipe, run, withFolder } from '../support/tools.ts'

const BYTES = Buffer.concat([codeLike(700_000), noise(100_000), Buffer.alloc(400_000)])
const OPTIONS: CompressOptions = { roughSize: BYTES.length, branchFilter: 'x86', check: 'crc64', blocks: 'one' }
const FORMATS = ['gz', 'zst', 'xz'] as const

spec('compressed streams', (test) => {
  for (const format of FORMATS) {
    test(`${format}: how the input is cut changes nothing`, async () => {
      const whole = await collect(compressStream(inPieces(BYTES, BYTES.length), format, OPTIONS))
      for (const size of [1009, 131_072, 300_000]) {
        assert.is(Buffer.compare(await collect(compressStream(inPieces(BYTES, size), format, OPTIONS)), whole), 0)
      }
    })

    test(`${format}: an error of the input comes through as it is`, async () => {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield BYTES
        throw new RangeError('input')
      }
      const error = await collect(compressStream(failing(), format, OPTIONS)).catch((reason) => reason)
      assert.match(String(error), 'RangeError: input')
    })

    test(`${format}: a reader that stops early ends the input`, async () => {
      let isClosed = false
      const input = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (let seed = 1; seed < 100; seed++) yield noise(1_000_000, seed)
        } finally {
          isClosed = true
        }
      }
      for await (const piece of compressStream(input(), format, OPTIONS)) if (piece.length > 1000) break
      for (let turn = 0; turn < 1000 && !isClosed; turn++) await new Promise((done) => setTimeout(done, 10))
      assert.ok(isClosed)
    })

    test.unless(
      missing({ gz: 'gzip', zst: 'zstd', xz: 'xz' }[format]),
      `${format}: the C program unpacks it`,
      async () => {
        const program = { gz: 'gzip', zst: 'zstd', xz: 'xz' }[format]
        for (const bytes of [BYTES, new Uint8Array(0), Buffer.from('x')]) {
          const packed = await collect(compressStream(inPieces(bytes, 65_536), format, OPTIONS))
          assert.is(Buffer.compare(pipe(packed, program, '-dc'), bytes), 0)
        }
      },
    )
  }

  test('none gives the pieces as they are', async () => {
    assert.is(Buffer.compare(await collect(compressStream(inPieces(BYTES, 999), 'none', OPTIONS)), BYTES), 0)
  })

  test('gz: one member, no time, unknown system', async () => {
    const packed = await collect(compressStream(inPieces(BYTES, 65_536), 'gz', OPTIONS))
    assert.is(packed.toString('hex', 0, 10), '1f8b08000000000002ff')
    assert.is(Buffer.compare(gunzipSync(packed), BYTES), 0)
    assert.is(packed.readUInt32LE(packed.length - 4), BYTES.length)
  })

  test('zst: one frame with a checksum, without the size of the content', async () => {
    for (const bytes of [BYTES, Buffer.from('x')]) {
      const packed = await collect(compressStream(inPieces(bytes, 65_536), 'zst', OPTIONS))
      assert.is(packed.readUInt32LE(0), 0xfd2fb528)
      // RFC 8878, section 3.1.1.1.1: only the bit of the checksum.
      assert.is(packed[4], 4)
      assert.is(Buffer.compare(zstdDecompressSync(packed), bytes), 0)
    }
  })

  test.unless(missing('xz'), 'xz: independent blocks, whose bytes do not depend on how many are packed at once', () =>
    withFolder(async (folder) => {
      const pack = (parallel: number): Promise<Buffer> =>
        collect(compressStream(inPieces(BYTES, 65_536), 'xz', { ...OPTIONS, blocks: { size: 500_000, parallel } }))
      const packed = await pack(1)
      for (const parallel of [2, 5]) assert.is(Buffer.compare(await pack(parallel), packed), 0)
      const file = join(folder, 'a.xz')
      writeFileSync(file, packed)
      run('xz', '-t', file)
      const listing = run('xz', '-lvv', file).toString()
      assert.match(listing, /Blocks:\s+3\n/)
      assert.match(listing, /Sizes in headers:\s+Yes/)
      for (const threads of ['-T1', '-T0']) assert.is(Buffer.compare(run('xz', threads, '-dc', file), BYTES), 0)
      const none = { ...OPTIONS, blocks: { size: 10, parallel: 2 } }
      const empty = await collect(compressStream(inPieces(new Uint8Array(0), 1), 'xz', none))
      assert.is(pipe(empty, 'xz', '-dc').length, 0)
    }),
  )

  test.unless(missing('bsdtar', 'xz'), 'every writer writes what bsdtar lists, under its own name', async () => {
    const tree = exampleTree()
    for (const [format, writer] of Object.entries(IMAGE_WRITERS)) {
      if (format === 'squashfs') continue
      const sink = new MemorySink()
      await writer.write(tree.image(), tree, sink, { branchFilter: 'x86' })
      assert.is(writer.format, format)
      assert.is(writer.fileName, `rootfs.${format}`)
      const names = pipe(sink.finish(), 'bsdtar', '-tf', '-').toString().trimEnd().split('\n')
      assert.is(names.length, tree.image().entries.length)
    }
  })

  test.unless(missing('xz'), 'cpio.xz is what the kernel reads: CRC32, no ARM64 filter', () =>
    withFolder(async (folder) => {
      for (const branchFilter of ['x86', 'arm64'] as const) {
        const tree = exampleTree()
        const sink = new MemorySink()
        await IMAGE_WRITERS['cpio.xz'].write(tree.image(), tree, sink, { branchFilter })
        const file = join(folder, `${branchFilter}.xz`)
        writeFileSync(file, sink.finish())
        const listing = run('xz', '-lvv', file).toString()
        assert.match(listing, /Check:\s+CRC32/)
        assert.is(/--x86/.test(listing), branchFilter === 'x86')
        assert.not.match(listing, /--arm64/)
      }
    }),
  )

  test('an error of the writers keeps its code', async () => {
    const tree = new ImageBuilder().file('a', '', { xattrs: [{ name: 'user.a', value: Buffer.from('x') }] })
    for (const format of ['cpio', 'cpio.gz', 'cpio.zst', 'cpio.xz'] as const) {
      await rejects('E_IMAGE', () =>
        IMAGE_WRITERS[format].write(tree.image(), tree, new MemorySink(), { branchFilter: 'none' }),
      )
    }
  })
})
