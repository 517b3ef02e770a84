import * as assert from 'uvu/assert'
import type { BranchFilter } from '../../src/model/image.ts'
import { type Compression, openCompressor } from '../../src/squashfs/compression.ts'
import type { Compressor } from '../../src/squashfs/compressor.ts'
import { encodeListing, type ListedInode } from '../../src/squashfs/directory-listing.ts'
import { encodeFragments } from '../../src/squashfs/fragment.ts'
import { gzipCompressor } from '../../src/squashfs/gzip.ts'
import { IdTable } from '../../src/squashfs/id-table.ts'
import {
  encodeDeviceInode,
  encodeDirectoryInode,
  encodeFileInode,
  encodeIpcInode,
  encodeSymlinkInode,
} from '../../src/squashfs/inode.ts'
import { encodeLookupTable } from '../../src/squashfs/lookup-table.ts'
import { MetadataWriter } from '../../src/squashfs/metadata-writer.ts'
import { encodeSuperblock } from '../../src/squashfs/superblock.ts'
import { encodeXattrHeader, encodeXattrSets } from '../../src/squashfs/xattr-entry.ts'
import { XattrWriter } from '../../src/squashfs/xattr-writer.ts'
import { codeLike, noise } from '../support/bytes.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const gzip = gzipCompressor(9, 15)
const hex = (bytes: Uint8Array | readonly number[]): string => Buffer.from(bytes).toString('hex')
const common = { mode: 0o4755, uid: 1, gid: 2, time: 0x01020304, number: 5, links: 1, xattrs: null }
const header = common
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
      xattrTable: null,
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

  test('file, extended with several names or extended attributes', () => {
    const extended = (change: object): string => hex(encodeFileInode({ ...header, ...change }, file))
    const numbers = `0900${headerHex}60000000000000000a000000000000000000000000000000`
    assert.is(extended({ links: 2 }), `${numbers}020000000000000003000000ffffffff`)
    assert.is(extended({ xattrs: 7 }), `${numbers}01000000000000000300000007000000`)
  })

  test('a block list of any length', () => {
    const blocks = new Array<number>(300_000).fill(7)
    assert.is(encodeFileInode(header, { ...file, blocks }).length, 32 + 1_200_000)
  })

  test('directory, basic and extended', () => {
    const header = { ...common, links: 3 }
    const directory = { position: { block: 1, offset: 2 }, size: 20, parent: 4, index: [] }
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

  test('symlink, devices, pipes and sockets', () => {
    assert.is(hex(encodeSymlinkInode(header, 'ü')), `0300${headerHex}0100000002000000c3bc`)
    const device = (major: number, minor: number): string =>
      hex(encodeDeviceInode(header, { type: 'block', major, minor })).slice(-8)
    assert.is(device(8, 1), '01080000')
    assert.is(device(0xabc, 0xdef12), '12bcfade')
    assert.is(device(4095, 2 ** 20 - 1), 'ffffffff')
    assert.is(hex(encodeDeviceInode(header, { type: 'char', major: 1, minor: 3 })).slice(0, 4), '0500')
    assert.is(hex(encodeIpcInode({ ...header, links: 3 }, 'fifo')), `0600${headerHex}03000000`)
    assert.is(hex(encodeIpcInode(header, 'socket')), `0700${headerHex}01000000`)
  })

  test('the extended forms of those end with their extended attributes', () => {
    const extended = { ...header, links: 2, xattrs: 5 }
    assert.is(hex(encodeSymlinkInode(extended, 'x')), `0a00${headerHex}02000000010000007805000000`)
    assert.is(
      hex(encodeDeviceInode(extended, { type: 'block', major: 8, minor: 1 })),
      `0b00${headerHex}020000000108000005000000`,
    )
    assert.is(hex(encodeDeviceInode(extended, { type: 'char', major: 8, minor: 1 })).slice(0, 4), '0c00')
    assert.is(hex(encodeIpcInode(extended, 'fifo')), `0d00${headerHex}0200000005000000`)
    assert.is(hex(encodeIpcInode(extended, 'socket')).slice(0, 4), '0e00')
    const directory = { position: { block: 1, offset: 2 }, size: 20, parent: 4, index: [] }
    assert.is(
      hex(encodeDirectoryInode(extended, directory)),
      `0800${headerHex}020000001700000001000000040000000000020005000000`,
    )
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
    const writer = new MetadataWriter(gzip, 2)
    const at = [new Uint8Array(8000), new Uint8Array(192), noise(8200)].map((bytes) => writer.append(bytes))
    assert.equal(at, [0, 8000, 8192])
    assert.equal(writer.positionOf(8000), { block: 0, offset: 8000 })
    assert.is(writer.isKnown(8192), false)
    await rejects('E_INTERNAL', () => writer.positionOf(8192))
    await writer.flush()
    const { block, offset } = writer.positionOf(8192)
    const blocks = await writer.finish()
    assert.is(blocks.length, 3)
    assert.equal({ block, offset }, { block: blocks[0]?.length, offset: 0 })
    assert.is(Buffer.from(blocks[0] ?? []).readUInt16LE(), (blocks[0]?.length ?? 0) - 2)
    assert.is(Buffer.from(blocks[1] ?? []).readUInt16LE(), 0x8000 | 8192)
    assert.is(Buffer.from(blocks[2] ?? []).readUInt16LE(), 0x8000 | 8)
  })

  test('lookup table: blocks, then their positions', async () => {
    const { blocks, list } = await encodeLookupTable(new Uint8Array(1025 * 8), 1000, gzip, 2)
    assert.is(blocks.length, 2)
    assert.is(Buffer.from(list).readBigUInt64LE(0), 1000n)
    assert.is(Buffer.from(list).readBigUInt64LE(8), 1000n + BigInt(blocks[0]?.length ?? 0))
    const empty = await encodeLookupTable(new Uint8Array(0), 1000, gzip, 2)
    assert.is(empty.blocks.length + empty.list.length, 0)
  })

  test('fragments', () => {
    assert.is(
      hex(encodeFragments([2 ** 33, 5], [7, 8])),
      '0000000002000000' + '0700000000000000' + '0500000000000000' + '0800000000000000',
    )
  })

  test('ids: each once, at most 65535', async () => {
    const ids = new IdTable()
    assert.equal(
      [5, 0, 5, 2 ** 32 - 1].map((id) => ids.indexOf(id)),
      [0, 1, 0, 2],
    )
    assert.is(hex(ids.encode()), '0500000000000000ffffffff')
    for (let id = 1000; ids.count < 65_535; id++) ids.indexOf(id)
    await rejects('E_IMAGE', () => ids.indexOf(999))
  })
})

spec('squashfs extended attributes', (test) => {
  const note = (value: Uint8Array): { name: string; value: Uint8Array } => ({ name: 'user.note', value })

  test('keys without their namespace, values, sets', async () => {
    const writer = new XattrWriter(gzip, 2)
    const cap = { name: 'security.capability', value: Uint8Array.of(1, 2) }
    assert.is(await writer.indexOf([cap, note(Uint8Array.of(3))]), 0)
    const [block] = await writer.finish()
    assert.is(
      hex(block?.subarray(2) ?? []),
      `02000a00${Buffer.from('capability').toString('hex')}020000000102000004006e6f74650100000003`,
    )
    assert.is(hex(writer.encodeSets()), '0000000000000000' + '02000000' + '21000000')
    const set = { reference: 2 ** 40, count: 1, size: 2 }
    assert.is(hex(encodeXattrSets([set])), '0000000000010000' + '01000000' + '02000000')
    assert.is(hex(encodeXattrHeader(96, 3)), '6000000000000000' + '03000000' + '00000000')
  })

  test('equal sets once, equal large values once', async () => {
    const writer = new XattrWriter(gzip, 2)
    const large = noise(9000)
    assert.is(await writer.indexOf([note(noise(10))]), 0)
    assert.is(await writer.indexOf([note(large)]), 1)
    assert.is(await writer.indexOf([note(noise(10))]), 0)
    assert.is(await writer.indexOf([{ name: 'trusted.x', value: large }]), 2)
    const size = (await writer.finish()).reduce((sum, block) => sum + block.length, 0)
    assert.ok(size < 9200)
    const sets = Buffer.from(writer.encodeSets())
    assert.is(sets.length, 3 * 16)
    // Key, size and reference.
    assert.is(sets.readUInt32LE(2 * 16 + 12), 4 + 1 + 4 + 8)
  })
})

spec('squashfs compressors', (test) => {
  const xz = (branchFilter: BranchFilter): Compression => ({ method: 'xz', branchFilter, dictionarySize: 2 ** 17 })
  const open = (compression: Compression): Compressor => openCompressor(compression, 2 ** 17)
  const all: readonly Compression[] = [
    { method: 'gzip', level: 9, window: 15 },
    { method: 'zstd', level: 15 },
    xz('x86'),
  ]

  test('the branch filter is used where it helps', async () => {
    const code = codeLike(50_000)
    const plain = await open(xz('none')).packData(code)
    const filtered = await open(xz('x86')).packData(code)
    assert.ok(filtered.bytes.length < plain.bytes.length)
    const text = Buffer.from('some text, no code '.repeat(1000))
    const without = await open(xz('none')).packData(text)
    assert.is(hex((await open(xz('x86')).packData(text)).bytes), hex(without.bytes))
  })

  test('noise is stored', async () => {
    for (const compression of all) {
      const bytes = noise(5000)
      const packed = await open(compression).packData(bytes)
      assert.is(packed.isCompressed, false)
      assert.is(packed.bytes, bytes)
    }
  })

  test('options only where they are not the default', () => {
    const options = (compression: Compression): string | null => {
      const bytes = open(compression).options
      return bytes === null ? null : hex(bytes)
    }
    assert.is(options({ method: 'gzip', level: 9, window: 15 }), null)
    assert.is(options({ method: 'gzip', level: 6, window: 12 }), '060000000c000000')
    assert.is(options({ method: 'zstd', level: 15 }), null)
    assert.is(options({ method: 'zstd', level: 3 }), '03000000')
    assert.is(options(xz('none')), null)
    assert.is(options(xz('x86')), '0000020001000000')
    assert.is(options({ method: 'xz', branchFilter: 'none', dictionarySize: 49_152 }), '00c0000000000000')
  })

  test('settings that the format does not know are refused', async () => {
    const wrong: readonly Compression[] = [
      ...[0, 10, 1.5].map((level) => ({ method: 'gzip' as const, level, window: 15 })),
      ...[7, 16].map((window) => ({ method: 'gzip' as const, level: 9, window })),
      ...[0, 23, Number.NaN].map((level) => ({ method: 'zstd' as const, level })),
      ...[0, 4096, 10_000, 2 ** 18].map((dictionarySize) => ({
        method: 'xz' as const,
        branchFilter: 'none' as const,
        dictionarySize,
      })),
    ]
    for (const compression of wrong) await rejects('E_IMAGE', () => open(compression))
  })
})
