import { ByteReader } from '../archive/byte-reader.ts'
import { readCpioEntries } from '../archive/cpio-entries.ts'
import type { ArchiveLimits } from '../archive/limits.ts'
import { BLOCK, decodeHeader } from '../archive/tar-header.ts'
import { decodePax, XATTR_KEYWORD } from '../archive/tar-pax.ts'
import { decodeSuperblock, FLAGS, SUPERBLOCK_SIZE } from '../squashfs/superblock.ts'
import { isZero } from '../util/zeros.ts'
import type { Headers } from './side.ts'
import { headOf, type Source } from './source.ts'

const COMPRESSORS = ['', 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'] as const
/** What is an entry's own and compared as such. */
const OWN_RECORDS = new Set(['path', 'linkpath', 'size', 'mtime', 'uid', 'gid'])

/** Flags that follow from the tree, or that say what another field says. */
const DERIVED_FLAGS: readonly string[] = ['noXattrs', 'compressorOptions']
/** Bytes of the options of any compressor, behind the superblock and the header of their block. */
const OPTIONS_BYTES = 8

/** Fields of the superblock that somebody chose; what follows from the tree and its compression is left out. */
export async function* squashfsHeaders(source: Source): AsyncGenerator<Headers> {
  const head = Buffer.from(await headOf(source, SUPERBLOCK_SIZE + 2 + OPTIONS_BYTES))
  const block = decodeSuperblock(head.subarray(0, SUPERBLOCK_SIZE))
  const flags = Object.entries(FLAGS).flatMap(([name, bit]) =>
    (block.flags & bit) !== 0 && !DERIVED_FLAGS.includes(name) ? [name] : [],
  )
  const hasOptions = (block.flags & FLAGS.compressorOptions) !== 0
  const compressor = COMPRESSORS[block.compressor] ?? String(block.compressor)
  yield {
    path: '',
    fields: [
      ['mkfs time', String(block.modificationTime)],
      ['block size', String(block.blockSize)],
      ['compressor', hasOptions ? `${compressor}, ${optionsText(compressor, head)}` : compressor],
      ['flags', flags.join(' ')],
    ],
  }
}

/** `docs/formats/squashfs.md`, section 2. */
function optionsText(compressor: string, head: Buffer): string {
  const at = SUPERBLOCK_SIZE + 2
  if (head.length < at + OPTIONS_BYTES) return 'no options'
  const [first, second] = [head.readUInt32LE(at), head.readUInt32LE(at + 4)]
  if (compressor === 'xz') return `dictionary of ${first} bytes, filters ${second}`
  return compressor === 'gzip' ? `level ${first}, window ${second & 0xffff}` : `level ${first}`
}

/** What a tar archive that has been read before says beyond the entries: magic, names of owners, other pax records. */
export async function* tarHeaders(source: Source): AsyncGenerator<Headers> {
  const reader = new ByteReader(source.access ?? source.stream())
  try {
    let fields: [string, string][] = []
    let longName: string | undefined
    for (;;) {
      const offset = reader.position
      const block = Buffer.from(await reader.exact(BLOCK))
      if (isZero(block)) return
      const { name, size, type } = decodeHeader(block, offset)
      const padded = Math.ceil(size / BLOCK) * BLOCK
      if (type === 'x' || type === 'g') {
        const { path, records } = decodePax((await reader.exact(padded)).subarray(0, size), type === 'g', offset)
        longName = path === undefined ? longName : Buffer.from(path).toString()
        fields.push(...recordFields(records, type))
      } else if (type === 'L' || type === 'K') {
        const text = Buffer.from(await reader.exact(padded)).toString('utf8', 0, size - 1)
        if (type === 'L') longName = text
        fields.push(['long names', 'GNU'])
      } else {
        fields.push(...blockFields(block))
        yield { path: (longName ?? Buffer.from(name).toString()).replace(/^\.\/?|\/$/g, ''), fields }
        fields = []
        longName = undefined
        await reader.skip(type === '0' ? padded : 0)
      }
    }
  } finally {
    await reader.close()
  }
}

function recordFields(records: ReadonlyMap<string, Uint8Array>, type: string): [string, string][] {
  return [...records].flatMap(([keyword, value]): [string, string][] =>
    OWN_RECORDS.has(keyword) || keyword.startsWith(XATTR_KEYWORD)
      ? []
      : [[type === 'g' ? `global pax ${keyword}` : `pax ${keyword}`, Buffer.from(value).toString()]],
  )
}

function blockFields(block: Buffer): [string, string][] {
  const text = (start: number, length: number): string =>
    block.toString('latin1', start, start + length).replace(/\0.*$/s, '')
  return [
    ['magic', block.toString('latin1', 257, 265).replaceAll('\0', ' ').trim()],
    ['uname', text(265, 32)],
    ['gname', text(297, 32)],
  ]
}

/** What a cpio archive says of each entry beyond what the entry is. */
export async function* cpioHeaders(source: Source, limits: ArchiveLimits): AsyncGenerator<Headers> {
  const reader = new ByteReader(source.access ?? source.stream())
  try {
    for await (const { header, name, hasChecksum } of readCpioEntries(reader, limits)) {
      yield {
        path: name.replace(/^\.\/?|\/$/g, ''),
        fields: [
          ['form', hasChecksum ? 'crc' : 'newc'],
          ['inode number', String(header.ino)],
          ['links', String(header.links)],
          ['device', `${header.devMajor},${header.devMinor}`],
        ],
      }
    }
  } finally {
    await reader.close()
  }
}
