import * as assert from 'uvu/assert'
import { gzipCompressor, xzCompressor } from '../../src/squashfs/compressor.ts'
import { encodeListing, type ListedInode } from '../../src/squashfs/directory-listing.ts'
import { IdTable } from '../../src/squashfs/id-table.ts'
import {
  encodeDeviceInode,
  encodeDirectoryInode,
  encodeFileInode,
  encodeSymlinkInode,
} from '../../src/squashfs/inode.ts'
import { encodeLookupTable } from '../../src/squashfs/lookup-table.ts'
import { MetadataWriter } from '../../src/squashfs/metadata-writer.ts'
import { encodeSuperblock } from '../../src/squashfs/superblock.ts'
import { codeLike, noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const header = { mode: 0o4755, uid: 1, gid: 2, time: 0x01020304, number: 5 }
const headerHex = 'ed09010002000403020105000000'
const listed = (name: string, number: number, block = 0): ListedInode => ({
  name: Buffer.from(name),
  type: 2,
  inode: { block, offset: 7 },
  number,
})

spec('squashfs superblock', (test) => {
  test('fields in order', () => {
    const bytes = encodeSuperblock({
      inodeCount: 1,
      modificationTime: 2,
      blockSize: 2 ** 17,
      fragmentCount: 3,
      compressor: 4,
      flags: 0x2c0,
      idCount: 5,
      rootInode: 6,
      bytesUsed: 7,
      idTable: 8,
      inodeTable: 9,
      directoryTable: 10,
      fragmentTable: 11,
      exportTable: null,
    })
    assert.is(
      hex(bytes),
      '68737173010000000200000000000200030000000400' +
        '1100c002050004000000' +
        '0600000000000000070000000000000008000000000000' +
        '00ffffffffffffffff0900000000000000' +
        '0a000000000000000b00000000000000ffffffffffffffff',
    )
  })
})

spec('squashfs inodes', (test) => {
  const file = { size: 10, start: 96, blocks: [], sparse: 0, fragment: 0, offset: 3 }

  test('file, basic', () => {
    assert.is(hex(encodeFileInode(header, file)), `0200${headerHex}6000000000000000030000000a000000`)
    const blocks = { ...file, size: 2 ** 20, blocks: [0x1000123], fragment: null, offset: 0 }
    assert.is(hex(encodeFileInode(header, blocks)), `0200${headerHex}60000000ffffffff000000000000100023010001`)
  })

  test('file, extended when sparse, far away or large', () => {
    const extended = (change: object): string => hex(encodeFileInode(header, { ...file, ...change })).slice(0, 4)
    assert.is(extended({}), '0200')
    for (const change of [{ sparse: 1 }, { start: 2 ** 32 }, { size: 2 ** 32 }]) assert.is(extended(change), '0900')
    assert.is(extended({ start: 2 ** 32 - 1, size: 2 ** 32 - 1 }), '0200')
    assert.is(
      hex(encodeFileInode(header, { ...file, size: 2 ** 33, start: 2 ** 34, sparse: 5, blocks: [0] })),
      `0900${headerHex}000000000400000000000000020000000500000000000000010000000000000003000000ffffffff00000000`,
    )
  })

  test('a block list of any length', () => {
    const blocks = new Array<number>(300_000).fill(7)
    assert.is(encodeFileInode(header, { ...file, blocks }).length, 32 + 1_200_000)
  })

  test('directory, basic and extended', () => {
    const directory = { position: { block: 1, offset: 2 }, size: 20, links: 3, parent: 4, index: [] }
    assert.is(hex(encodeDirectoryInode(header, directory)), `0100${headerHex}01000000030000001700020004000000`)
    assert.is(encodeDirectoryInode(header, { ...directory, size: 65_532 }).length, 32)
    const long = encodeDirectoryInode(header, { ...directory, size: 65_533 })
    assert.is(hex(long), `0800${headerHex}0300000000000100010000000400000000000200ffffffff`)
    const index = [{ offset: 9000, block: 77, name: Buffer.from('ab') }]
    assert.is(
      hex(encodeDirectoryInode(header, { ...directory, index })),
      `0800${headerHex}0300000017000000010000000400000001000200ffffffff282300004d000000010000006162`,
    )
  })

  test('symlink and devices', () => {
    assert.is(hex(encodeSymlinkInode(header, 'ü')), `0300${headerHex}0100000002000000c3bc`)
    const device = (major: number, minor: number): string =>
      hex(encodeDeviceInode(header, { type: 'block', major, minor })).slice(-8)
    assert.is(device(8, 1), '01080000')
    assert.is(device(0xabc, 0xdef12), '12bcfade')
    assert.is(device(4095, 2 ** 20 - 1), 'ffffffff')
    assert.is(hex(encodeDeviceInode(header, { type: 'char', major: 1, minor: 3 })).slice(0, 4), '0500')
  })
})

spec('squashfs listings', (test) => {
  test('a header and its entries', () => {
    const [run, ...others] = encodeListing([listed('a', 10), listed('bc', 11)], null)
    assert.is(others.length, 0)
    assert.is(
      hex(run?.bytes ?? new Uint8Array(0)),
      '01000000000000000a000000' + '070000000200000061' + '07000100020001006263',
    )
  })

  test('an empty folder has no listing', () => assert.equal(encodeListing([], null), []))

  test('a new header after 256 entries, in another metadata block, and beyond 16 bits of inode numbers', () => {
    const runs = (entries: ListedInode[]): number => encodeListing(entries, null).length
    const many = Array.from({ length: 257 }, (_, at) => listed(`n${at}`, at + 1))
    assert.is(runs(many.slice(0, 256)), 1)
    assert.is(runs(many), 2)
    assert.is(runs([listed('a', 1), listed('b', 2, 99)]), 2)
    assert.is(runs([listed('a', 1), listed('b', 32_768)]), 1)
    assert.is(runs([listed('a', 1), listed('b', 32_769)]), 2)
    assert.is(runs([listed('a', 32_768), listed('b', 1)]), 1)
  })

  test('for an index, a header in every metadata block', () => {
    const entries = Array.from({ length: 200 }, (_, at) => listed(`${at}`.padStart(92, '0'), at + 1))
    const plain = encodeListing(entries, null)
    const indexed = encodeListing(entries, 8000)
    assert.is(plain.length, 1)
    let offset = 8000
    const blocks = indexed.map(({ bytes }) => {
      const block = Math.floor(offset / 8192)
      offset += bytes.length
      return block
    })
    assert.equal(blocks, [0, 1, 2, 3])
  })
})

spec('squashfs metadata', (test) => {
  test('cut at 8192 bytes; stored when compression does not help', async () => {
    const writer = new MetadataWriter(gzipCompressor())
    assert.equal(await writer.append(new Uint8Array(8000)), { block: 0, offset: 0 })
    assert.equal(await writer.append(new Uint8Array(192)), { block: 0, offset: 8000 })
    const { block, offset } = await writer.append(noise(8200))
    assert.is(offset, 0)
    const blocks = await writer.finish()
    assert.is(blocks.length, 3)
    assert.is(block, blocks[0]?.length)
    assert.is(Buffer.from(blocks[0] ?? []).readUInt16LE(), (blocks[0]?.length ?? 0) - 2)
    assert.is(Buffer.from(blocks[1] ?? []).readUInt16LE(), 0x8000 | 8192)
    assert.is(Buffer.from(blocks[2] ?? []).readUInt16LE(), 0x8000 | 8)
  })

  test('lookup table: blocks, then their positions', async () => {
    const entries = Array.from({ length: 1025 }, () => new Uint8Array(8))
    const { bytes, start } = await encodeLookupTable(entries, 1000, gzipCompressor())
    const list = Buffer.from(bytes.subarray(start - 1000))
    assert.is(list.length, 16)
    assert.is(list.readBigUInt64LE(0), 1000n)
    const second = Number(list.readBigUInt64LE(8)) - 1000
    assert.is(Buffer.from(bytes).readUInt16LE(0), second - 2)
    assert.equal(await encodeLookupTable([], 1000, gzipCompressor()), { bytes: Buffer.alloc(0), start: 1000 })
  })

  test('ids: each once, at most 65535', async () => {
    const ids = new IdTable()
    assert.equal(
      [5, 0, 5, 2 ** 32 - 1].map((id) => ids.indexOf(id)),
      [0, 1, 0, 2],
    )
    assert.equal(ids.entries().map(hex), ['05000000', '00000000', 'ffffffff'])
    for (let id = 1000; ids.count < 65_535; id++) ids.indexOf(id)
    await rejects('E_IMAGE', () => ids.indexOf(999))
  })
})

spec('squashfs compressors', (test) => {
  test('the branch filter is used where it helps', async () => {
    const code = codeLike(50_000)
    const plain = await xzCompressor(2 ** 17, 'none').packData(code)
    const filtered = await xzCompressor(2 ** 17, 'x86').packData(code)
    assert.ok(filtered.bytes.length < plain.bytes.length)
    const text = Buffer.from('some text, no code '.repeat(1000))
    const without = await xzCompressor(2 ** 17, 'none').packData(text)
    assert.is(hex((await xzCompressor(2 ** 17, 'x86').packData(text)).bytes), hex(without.bytes))
  })

  test('noise is stored', async () => {
    for (const compressor of [gzipCompressor(), xzCompressor(2 ** 17, 'x86')]) {
      const bytes = noise(5000)
      const packed = await compressor.packData(bytes)
      assert.is(packed.isCompressed, false)
      assert.is(packed.bytes, bytes)
    }
  })

  test('options only where they are not the default', () => {
    assert.is(gzipCompressor().options, null)
    assert.is(xzCompressor(2 ** 17, 'none').options, null)
    assert.is(hex(xzCompressor(2 ** 17, 'x86').options ?? new Uint8Array(0)), '0000020001000000')
  })
})
