import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { readCpioImage } from '../../src/archive/cpio-image.ts'
import { IMAGE_LIMITS } from '../../src/archive/limits.ts'
import { readTarImage } from '../../src/archive/tar-image.ts'
import { cpioBytes } from '../../src/formats/cpio.ts'
import { tarBytes } from '../../src/formats/tar.ts'
import type { Xattr } from '../../src/model/image.ts'
import type { ImageReader } from '../../src/model/image-reader.ts'
import { openSquashfs } from '../../src/squashfs/read.ts'
import { crc32 } from '../../src/util/xz/crc32.ts'
import { xzDecompress } from '../../src/util/xz/decode.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { openXzPiece, unpackXzPiece } from '../../src/util/xz/unpack.ts'
import { codeLike, collect } from './bytes.ts'
import { compareFiles } from './compare.ts'
import { ALLOC, EXEC, elfBytes, type MadeSection, NOTE, noteBytes, PROGBITS } from './elf-bytes.ts'
import { ImageBuilder } from './image.ts'
import type { Random } from './mutate.ts'
import { memoryFile } from './squashfs-image.ts'
import { tinySquashfs } from './tiny-squashfs.ts'

/** A reader, and how to find its faults. */
export interface FuzzReader {
  /** Sound inputs of a few kilobytes. */
  seeds(): Promise<readonly Uint8Array[]>
  /** Reads all that there is. */
  read(input: Uint8Array): Promise<void>
  /** Mends checksums in most cases, or nothing behind them would ever be reached. */
  repair(input: Buffer, random: Random): Uint8Array
}

const MOST_BYTES = 2 ** 22
const SQUASHFS_LIMITS = { entries: 10_000, pathBytes: 4095, bytes: MOST_BYTES, metadata: 2 ** 24 }
const ARCHIVE_LIMITS = { ...IMAGE_LIMITS, entries: 10_000, bytes: MOST_BYTES }
const TAR_BLOCK = 512

const XATTRS = [{ name: 'user.one', value: Buffer.from('value') }]

const untouched = (input: Buffer): Uint8Array => input

/** Readers by name. */
export const FUZZ_READERS: Readonly<Record<string, FuzzReader>> = {
  squashfs: { seeds: squashfsSeeds, read: readSquashfs, repair: untouched },
  tar: {
    seeds: async () => [await collect(tarBytes(smallImage(XATTRS).image(), smallImage(XATTRS)))],
    read: (input) => readImage(readTarImage(memoryFile(input), ARCHIVE_LIMITS)),
    repair: repairTar,
  },
  cpio: {
    seeds: async () => [await collect(cpioBytes(smallImage([]).image(), smallImage([])))],
    read: (input) => readImage(readCpioImage(memoryFile(input), ARCHIVE_LIMITS)),
    repair: untouched,
  },
  xz: {
    seeds: xzSeeds,
    read: async (input) => {
      for await (const piece of xzDecompress(pieces(input), { maxBytes: MOST_BYTES })) void piece
    },
    repair: repairXz,
  },
  'xz-piece': {
    seeds: xzSeeds,
    read: async (input) => void unpackXzPiece(openXzPiece(input, MOST_BYTES)),
    repair: repairXz,
  },
  elf: {
    seeds: async () => [elfSeed(64, true), elfSeed(32, false)],
    read: comparing(elfSeed(64, true)),
    repair: untouched,
  },
  ar: { seeds: async () => [arSeed()], read: comparing(arSeed()), repair: untouched },
  packed: { seeds: packedSeeds, read: comparing(), repair: untouched },
}

/**
 * Compares an input with sound files, and with itself but for one byte; all of it in an archive, because nothing of a
 * file inside of another may be an error.
 */
function comparing(...sound: readonly Uint8Array[]): (input: Uint8Array) => Promise<void> {
  return async (input) => {
    const other = Buffer.from(input)
    const middle = other.length >> 1
    other[middle] = (other[middle] ?? 0) ^ 0x20
    for (const one of [...sound, other]) await compareFiles(inAr(one), inAr(input))
  }
}

function inAr(content: Uint8Array): Buffer {
  const head = `${'member/'.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'644'.padEnd(8)}`
  return Buffer.concat([Buffer.from(`!<arch>\n${head}${String(content.length).padEnd(10)}\`\n`), content])
}

function arSeed(): Buffer {
  const member = inAr(elfSeed(64, true)).subarray('!<arch>\n'.length)
  const index = Buffer.from([0, 0, 0, 1, 0, 0, 0, 8, 0x61, 0])
  const named = (name: string, content: Buffer): Buffer => {
    const whole = Buffer.from(inAr(content).subarray('!<arch>\n'.length))
    whole.write(name.padEnd(16))
    return whole
  }
  return Buffer.concat([
    Buffer.from('!<arch>\n'),
    named('/', index),
    named('//', Buffer.from('a-long-name-of-a-member.o/\n\n')),
    named('/0', Buffer.from('text\n\n')),
    named('#1/4', Buffer.from('name content')),
    member,
  ])
}

async function packedSeeds(): Promise<Uint8Array[]> {
  const tar = await collect(tarBytes(smallImage([]).image(), smallImage([])))
  return [gzipSync(tar), zstdCompressSync(tar), gzipSync(arSeed()), gzipSync(gzipSync('text\n'))]
}

function elfSeed(bits: 32 | 64, isLittleEndian: boolean): Buffer {
  const section = (name: string, bytes: Buffer | string, flags: number, type: number = PROGBITS): MadeSection => ({
    name,
    type,
    flags,
    bytes: Buffer.from(bytes),
  })
  return elfBytes({
    bits,
    isLittleEndian,
    machine: 62,
    sections: [
      section('.text', Buffer.alloc(64, 0x90), ALLOC | EXEC),
      section('.rodata', 'some text\0other text\0', ALLOC),
      section('.note.gnu.build-id', noteBytes(3, Buffer.alloc(20, 7)), ALLOC, NOTE),
      section('.dynamic', Buffer.alloc(64, 1), ALLOC, 6),
      section('.gnu_debuglink', 'file.debug\0\0crc!', 0),
    ],
    symbols: [
      { name: 'main', section: '.text', offset: 0, size: 32, kind: 'function' },
      { name: 'text', section: '.rodata', offset: 0, size: 10 },
    ],
  })
}

/** Stored metadata and small content, so that most changes reach a structure. */
async function squashfsSeeds(): Promise<Uint8Array[]> {
  const block = Buffer.alloc(4096, 'block ')
  const xz = await xzCompress(block, { preset: 1, check: 'crc32', filter: 'none', dictionarySize: 4096 })
  return [[1, deflateSync(block)] as const, [4, xz] as const, [6, zstdCompressSync(block)] as const].map(
    ([compressor, packed]) => tinySquashfs({ compressor, block: packed, blockSize: packed.length }).bytes,
  )
}

async function readSquashfs(input: Uint8Array): Promise<void> {
  const reader = await openSquashfs(memoryFile(input), SQUASHFS_LIMITS)
  await readImage(reader)
  for (const path of ['', 'a', 'dd/f', 'm/x', 'zz']) await reader.lookup(path)
}

async function readImage(reader: ImageReader): Promise<void> {
  for await (const member of reader.members()) {
    if (member.kind !== 'file') continue
    for await (const piece of member.content()) void piece
  }
}

function smallImage(xattrs: readonly Xattr[]): ImageBuilder {
  const long = `${'long'.repeat(40)}/${'name'.repeat(40)}`
  return new ImageBuilder()
    .file('a', 'content', { xattrs })
    .hardlink('b', 'a')
    .device('c', 'char', 4, 700)
    .directory('d', { mode: 0o1777, uid: 2 ** 31, gid: 3_000_000 })
    .fifo('d/f')
    .symlink('d/l', '../a')
    .directory('long'.repeat(40))
    .file(long, 'x'.repeat(700))
    .symlink('z', 'x'.repeat(300))
}

/** Makes the sums of headers right, in seven cases of eight. */
function repairTar(input: Buffer, random: Random): Uint8Array {
  if (random.below(8) === 0) return input
  for (let at = 0; at + TAR_BLOCK <= input.length; at += TAR_BLOCK) {
    const header = input.subarray(at, at + TAR_BLOCK)
    if (header.toString('latin1', 257, 262) !== 'ustar') continue
    header.fill(' ', 148, 156)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
  return input
}

async function xzSeeds(): Promise<Uint8Array[]> {
  const settings = { preset: 1, check: 'crc32', filter: 'none', dictionarySize: 4096 } as const
  const text = Buffer.from('some text, and more text, and text again '.repeat(20))
  return [
    await xzCompress(text, settings),
    await xzCompress(codeLike(2000), { ...settings, filter: 'x86', check: 'crc64' }),
    await xzCompress(codeLike(900), { ...settings, filter: 'arm64', check: 'none' }),
    await xzCompress(Buffer.alloc(5000), { ...settings, check: 'sha256' }),
  ]
}

/** Makes the checksums of the stream header and of the first block header right, in three cases of four. */
function repairXz(input: Buffer, random: Random): Uint8Array {
  if (random.below(4) === 0 || input.length < 32) return input
  input.writeUInt32LE(crc32(input.subarray(6, 8)), 8)
  const size = ((input[12] as number) + 1) * 4
  if (12 + size <= input.length && size > 4) {
    input.writeUInt32LE(crc32(input.subarray(12, 12 + size - 4)), 12 + size - 4)
  }
  return input
}

async function* pieces(input: Uint8Array): AsyncGenerator<Uint8Array> {
  yield input
}
