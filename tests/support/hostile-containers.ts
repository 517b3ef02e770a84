import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib'
import type { ArchiveLimits } from '../../src/archive/limits.ts'
import type { UnpackSource } from '../../src/fetch/unpack/unpack-to-tree.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { arBytes, arMember, type TarSpec, tarBytes, tarEnd, tarEntry } from './tar-bytes.ts'

/** One archive that must be refused. */
export interface HostileArchive {
  /** File name, unique in the corpus. */
  readonly name: string
  readonly code: 'E_ARCHIVE' | 'E_ARCHIVE_PATH' | 'E_ARCHIVE_LIMIT'
  /** Part of the message, so that it is refused for the right reason. */
  readonly says: RegExp
  readonly bytes: () => Uint8Array | Promise<Uint8Array>
  readonly source?: Partial<UnpackSource>
  readonly limits?: Partial<ArchiveLimits>
}

const FILE: TarSpec = { name: 'a', content: 'x' }
const HONEST = tarBytes(FILE)
/** The two blocks of its one entry, and its end. */
const [HEAD, TAIL] = [HONEST.subarray(0, 1024), HONEST.subarray(1024)]
const GARBAGE = Buffer.from('garbage')
/** `hello hello hello`, and 46 MB of zeros in 80 bytes, by bzip2 1.0.8. */
const BZIP2 = Buffer.from('QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=', 'base64')
const BZIP2_BOMB = Buffer.from(
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZudCH0AAAxdAAwAAEAAAIIAAgpTQZjUhbBQvF3JFOFCQpcNCbgA==',
  'base64',
)
const XZ = { preset: 1, check: 'crc64', filter: 'none', dictionarySize: 1 << 20 } as const

type Row = readonly [name: string, says: RegExp, bytes: HostileArchive['bytes'], source?: Partial<UnpackSource>]

function rows(table: readonly Row[]): HostileArchive[] {
  return table.map(([name, says, bytes, source = {}]) => ({ name, code: 'E_ARCHIVE', says, bytes, source }))
}

function join(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

function flipped(bytes: Uint8Array, offset: number, mask = 1): Buffer {
  const out = Buffer.from(bytes)
  const at = offset < 0 ? out.length + offset : offset
  out[at] = (out[at] as number) ^ mask
  return out
}

function zstd(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, { params: { [zlib.ZSTD_c_checksumFlag]: 1 } })
}

/** Archives cut off, damaged or with more in them than they show. */
export const STRUCTURE_CASES: readonly HostileArchive[] = [
  ...rows([
    ['tar-no-end.tar', /no end marker/, () => tarEntry(FILE)],
    ['tar-half-end.tar', /half an end marker/, () => join(tarEntry(FILE), Buffer.alloc(512))],
    ['tar-half-end-then-entry.tar', /half an end marker/, () => join(tarEntry(FILE), Buffer.alloc(512), HONEST)],
    ['tar-entry-after-end.tar', /after its end marker/, () => join(HONEST, tarEntry({ name: 'b' }), tarEnd())],
    ['tar-bytes-after-end.tar', /after its end marker/, () => join(HONEST, Buffer.alloc(512), GARBAGE)],
    ['tar-cut-in-header.tar', /cut off/, () => tarEntry(FILE).subarray(0, 1000)],
    ['tar-cut-in-second-header.tar', /cut off/, () => join(tarEntry(FILE), HONEST.subarray(0, 100))],
    ['tar-cut-in-content.tar', /cut off/, () => tarEntry({ name: 'a', content: 'x'.repeat(5000) }).subarray(0, 2000)],
    ['tar-cut-in-pax.tar', /cut off/, () => tarEntry({ name: 'p', type: 'x', size: '00000001000\0' })],
    ['tar-size-past-end.tar', /cut off/, () => tarBytes({ name: 'a', size: '00077777777\0' })],
    ['gzip-cut.tar.gz', /gzip data/, () => gzipSync(HONEST).subarray(0, -5)],
    ['gzip-cut-in-header.tar.gz', /gzip data/, () => gzipSync(HONEST).subarray(0, 6)],
    ['gzip-crc.tar.gz', /gzip data/, () => flipped(gzipSync(HONEST), -6)],
    ['gzip-length.tar.gz', /gzip data/, () => flipped(gzipSync(HONEST), -2)],
    ['gzip-garbage.tar.gz', /gzip data/, () => join(gzipSync(HONEST), GARBAGE)],
    ['gzip-zeros-garbage.tar.gz', /after its gzip data/, () => join(gzipSync(HONEST), Buffer.alloc(99), GARBAGE)],
    ['gzip-second-cut.tar.gz', /gzip data/, () => join(gzipSync(HEAD), gzipSync(TAIL).subarray(0, -9))],
    ['gzip-second-archive.tar.gz', /after its end marker/, () => join(gzipSync(HONEST), gzipSync(HONEST))],
    ['bzip2-cut.bz2', /ends too early/, () => BZIP2.subarray(0, -6)],
    ['bzip2-block-crc.bz2', /checksum of a block/, () => flipped(BZIP2, 12)],
    ['bzip2-stream-crc.bz2', /checksum of the stream/, () => flipped(BZIP2, -3)],
    ['bzip2-garbage.bz2', /follow its end/, () => join(BZIP2, GARBAGE)],
    ['bzip2-zeros-garbage.bz2', /follow its end/, () => join(BZIP2, Buffer.alloc(9), GARBAGE)],
    ['bzip2-randomised.bz2', /randomisation/, () => flipped(BZIP2, 14, 0x80)],
    ['bzip2-origin.bz2', /starts outside itself/, () => flipped(BZIP2, 14, 0x40)],
    ['zstd-cut.tar.zst', /zstd data/, () => zstd(HONEST).subarray(0, -6)],
    ['zstd-checksum.tar.zst', /zstd data/, () => flipped(zstd(HONEST), -1)],
    ['zstd-garbage.tar.zst', /after its zstd data/, () => join(zstd(HONEST), GARBAGE)],
    ['zstd-second-cut.tar.zst', /zstd data/, () => join(zstd(HEAD), zstd(TAIL).subarray(0, -9))],
    ['xz-cut.tar.xz', /xz: the file ends early/, async () => (await xzCompress(HONEST, XZ)).subarray(0, -20)],
    ['xz-check.tar.xz', /xz: /, async () => flipped(await xzCompress(HONEST, XZ), -24)],
    ['xz-garbage.tar.xz', /xz: data behind/, async () => join(await xzCompress(HONEST, XZ), GARBAGE)],
    ['ar-header.deb', /malformed ar header/, () => flipped(arBytes(['data.tar', HONEST]), 8 + 58)],
    ['ar-size.deb', /malformed ar header/, () => flipped(arBytes(['data.tar', HONEST]), 8 + 48, 0x40)],
    ['ar-cut.deb', /cut off/, () => arBytes(['data.tar', HONEST]).subarray(0, -600)],
    ['ar-twice.deb', /there twice/, () => arBytes(['data.tar', HONEST], ['data.tar', HONEST])],
    ['ar-two-data.deb', /there twice/, () => arBytes(['data.tar', HONEST], ['data.tar.gz', gzipSync(HONEST)])],
    ['ar-long-names.deb', /table of long names/, () => arBytes(['//', 'x/\n'], ['data.tar', HONEST])],
    ['ar-no-data.deb', /no file that matches/, () => arBytes(['debian-binary', '2.0\n'])],
    ['ar-padding.deb', /not padded/, () => join(Buffer.from('!<arch>\n'), arMember('a', 'x').subarray(0, 61), GARBAGE)],
    ['inner-missing.tar', /no file that matches/, () => HONEST, { inner: ['b'] }],
    ['inner-of-no-archive', /not an archive/, () => GARBAGE, { inner: ['b'] }],
    ['inner-twice.tar', /there twice/, () => nested('a.tar', 'b.tar'), { inner: ['*.tar'] }],
    [
      'inner-hidden-tail.tar',
      /after its end marker/,
      () => tarBytes({ name: 'a', content: join(HONEST, GARBAGE) }),
      { inner: ['a'] },
    ],
    ['hardlink-to-excluded.tar', /keep both/, linked, { exclude: ['a'] }],
  ]),
  {
    name: 'deb-traversal.deb',
    code: 'E_ARCHIVE_PATH',
    says: /leaves the target folder/,
    bytes: () => arBytes(['debian-binary', '2.0\n'], ['data.tar.gz', gzipSync(tarBytes({ name: './../evil' }))]),
  },
]

function nested(...names: string[]): Buffer {
  return tarBytes(...names.map((name) => ({ name, content: HONEST })))
}

function linked(): Buffer {
  return tarBytes(FILE, { name: 'b', type: '1', link: 'a' })
}

const ZEROS = 40 << 20

/** Archives that are small and become large. */
export const LIMIT_CASES: readonly HostileArchive[] = [
  ...limited('bomb-gzip.gz', /times its size/, () => gzipSync(Buffer.alloc(ZEROS))),
  ...limited('bomb-bzip2.bz2', /times its size/, () => BZIP2_BOMB),
  ...limited('bomb-zstd.zst', /times its size/, () => zstd(Buffer.alloc(ZEROS))),
  ...limited('bomb-xz.xz', /times its size/, () => xzCompress(Buffer.alloc(ZEROS), XZ)),
  ...limited('bomb-bytes.gz', /when decompressed/, () => gzipSync(Buffer.alloc(2e6)), { bytes: 1e6 }),
  ...limited('bomb-bytes.xz', /xz: content larger/, () => xzCompress(Buffer.alloc(2e6), XZ), { bytes: 1e6 }),
  ...limited(
    'bomb-inner.tar',
    /times its size/,
    () => tarBytes({ name: 'a', content: BZIP2_BOMB }),
    {},
    { inner: ['a'] },
  ),
  ...limited('many-entries.tar', /more than 10 entries/, () => manyFiles(11), { entries: 10 }),
  ...limited('many-bytes.tar', /files of more than/, () => tarBytes({ name: 'a', content: 'x'.repeat(11) }), {
    bytes: 10,
  }),
  ...limited('many-hardlinks.tar', /files of more than/, manyLinks, { bytes: 5000 }),
  ...limited('deep.tar', /folders deep/, () => tarBytes({ name: `${'a/'.repeat(40)}b` }), { depth: 40 }),
  ...limited('long-path.tar', /path of more than/, () => tarBytes({ name: `${'a/'.repeat(10)}b` }), { pathBytes: 20 }),
  ...limited('long-name.tar', /name of more than 255/, () => tarBytes({ name: 'x', prefix: 'p' }, ...longName())),
]

function limited(
  name: string,
  says: RegExp,
  bytes: HostileArchive['bytes'],
  limits: Partial<ArchiveLimits> = {},
  source: Partial<UnpackSource> = {},
): HostileArchive[] {
  return [{ name, code: 'E_ARCHIVE_LIMIT', says, bytes, limits, source }]
}

function manyFiles(count: number): Buffer {
  return tarBytes(...Array.from({ length: count }, (_, index) => ({ name: `f${index}` })))
}

function manyLinks(): Buffer {
  const links = Array.from({ length: 9 }, (_, index) => ({ name: `l${index}`, type: '1', link: 'a' }))
  return tarBytes({ name: 'a', content: 'x'.repeat(1000) }, ...links)
}

function longName(): TarSpec[] {
  return [{ name: '././@LongLink', type: 'L', content: `${'n'.repeat(256)}\0` }, { name: 'n' }]
}
