import { deflateSync, zstdCompressSync } from 'node:zlib'
import { DEFAULT_SQUASHFS_LIMITS, type SquashfsLimits } from '../../src/squashfs/limits.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { type Part, packed, type TinyData, tinySquashfs } from './tiny-squashfs.ts'

/** One image that must be refused. */
export interface HostileSquashfs {
  /** Unique in the corpus. */
  readonly name: string
  readonly code: 'E_ARCHIVE' | 'E_ARCHIVE_PATH' | 'E_ARCHIVE_LIMIT'
  /** Part of the message, so that it is refused for the right reason. */
  readonly says: RegExp
  readonly bytes: () => Uint8Array | Promise<Uint8Array>
  readonly limits: SquashfsLimits
}

/** What is put where: the name of a structure in the tiny image, bytes from there on, what. */
type Change = readonly [place: string, offset: number, what: Part]

const HUGE = 2 ** 47
const NONE = 2 ** 32 - 1
const DEFLATED_ZEROS = deflateSync(Buffer.alloc(50_000_000))

function changed(data: TinyData, changes: readonly Change[]): Buffer {
  const { bytes, at } = tinySquashfs(data)
  for (const [place, offset, what] of changes) {
    const start = at[place]
    if (start === undefined) throw new Error(`the tiny image has no ${place}`)
    packed(what).copy(bytes, start + offset)
  }
  return bytes
}

function refused(name: string, says: RegExp, ...changes: Change[]): HostileSquashfs {
  const bytes = (): Buffer => changed({}, changes)
  return { name, code: 'E_ARCHIVE', says, bytes, limits: DEFAULT_SQUASHFS_LIMITS }
}

function pathRefused(name: string, says: RegExp, ...changes: Change[]): HostileSquashfs {
  return { ...refused(name, says, ...changes), code: 'E_ARCHIVE_PATH' }
}

function tooMuch(name: string, says: RegExp, limits: Partial<SquashfsLimits>, ...changes: Change[]): HostileSquashfs {
  return {
    ...refused(name, says, ...changes),
    code: 'E_ARCHIVE_LIMIT',
    limits: { ...DEFAULT_SQUASHFS_LIMITS, ...limits },
  }
}

function bomb(name: string, says: RegExp, data: () => TinyData | Promise<TinyData>): HostileSquashfs {
  return {
    name,
    code: 'E_ARCHIVE',
    says,
    bytes: async () => changed(await data(), []),
    limits: DEFAULT_SQUASHFS_LIMITS,
  }
}

const XZ = { preset: 1, check: 'crc32', filter: 'none', dictionarySize: 2 ** 20 } as const
const xzZeros = (): Promise<Uint8Array> => xzCompress(Buffer.alloc(10_000_000), XZ)
const zstdZeros = (): Uint8Array => zstdCompressSync(Buffer.alloc(50_000_000))
/** A frame that asks for a window of 2 GiB, and holds one empty block. */
const ZSTD_WINDOW = packed([4, 0xfd2fb528], Uint8Array.of(0x00, 0xa8, 0x01, 0x00, 0x00))

/** A metadata block that says that it is compressed. */
function compressedMetadata(content: Uint8Array): Buffer {
  return packed([2, content.length], content)
}

/** Images whose structures lie. */
export const STRUCTURE_CASES: readonly HostileSquashfs[] = [
  refused('magic', /not a squashfs image/, ['superblock', 0, 'hsqz']),
  refused('magic-big-endian', /big-endian/, ['superblock', 0, 'sqsh']),
  refused('version-3', /version 3\.1/, ['superblock', 28, [2, 3, 1]]),
  refused('version-4-1', /version 4\.1/, ['superblock', 28, [2, 4, 1]]),
  refused('compressor-0', /unknown compression method 0/, ['superblock', 20, [2, 0]]),
  refused('compressor-7', /unknown compression method 7/, ['superblock', 20, [2, 7]]),
  refused('compressor-lzo', /compressed with lzo/, ['superblock', 20, [2, 3]]),
  refused('block-size-0', /block size of 0/, ['superblock', 12, [4, 0]]),
  refused('block-size-odd', /block size of 5000/, ['superblock', 12, [4, 5000]]),
  refused('block-size-2M', /block size of 2097152/, ['superblock', 12, [4, 2 ** 21]], ['superblock', 22, [2, 21]]),
  refused('block-log', /block size of 4096/, ['superblock', 22, [2, 13]]),
  refused('block-log-huge', /block size of 4096/, ['superblock', 22, [2, 65535]]),
  refused('no-inodes', /no inodes/, ['superblock', 4, [4, 0]]),
  refused('no-ids', /no ids/, ['superblock', 26, [2, 0]]),
  refused('bytes-used-huge', /cut off/, ['superblock', 40, [8, HUGE]]),
  refused('bytes-used-small', /behind the file system|outside of the image/, ['superblock', 40, [8, 4700]]),
  refused('bytes-used-0', /outside of the image|behind the file system/, ['superblock', 40, [8, 0]]),
  refused('options-missing', /compressor options/, ['superblock', 24, [2, 0x400]], ['data', 0, [2, 0]]),
  refused('options-long', /compressor options of 32767/, ['superblock', 24, [2, 0x400]], ['data', 0, [2, 0xffff]]),
  refused('root-behind-table', /outside of its table/, ['superblock', 32, [8, 0x7fff0000]]),
  refused('root-offset', /behind the end of its block/, ['superblock', 32, [8, 8000]]),
  refused('root-is-file', /root that is no directory/, ['superblock', 32, [8, 0]]),

  refused('ids-nowhere', /outside of the image/, ['superblock', 48, [8, HUGE]]),
  refused('ids-absent', /outside of the image/, ['superblock', 48, [4, NONE, NONE]]),
  refused('ids-many', /not one behind the other|overlap|are due/, ['superblock', 26, [2, 3000]]),
  refused('ids-few-there', /2 ids where 3 are due/, ['superblock', 26, [2, 3]]),
  refused('ids-list-self', /not one behind the other/, ['ids.list', 0, [8, HUGE]]),
  refused('ids-overlap-inodes', /overlap/, ['ids.list', 0, [8, 4199]]),
  refused('inodes-nowhere', /overlap/, ['superblock', 64, [8, HUGE]]),
  refused('inodes-behind-directories', /overlap/, ['superblock', 64, [8, 4500]]),
  refused('inodes-empty', /no room for inodes/, ['superblock', 64, [8, 4491]]),
  refused('inodes-in-superblock', /no room for inodes/, ['superblock', 64, [8, 10]]),
  refused('directories-behind-fragments', /overlap/, ['superblock', 72, [8, 4600]]),
  refused('fragments-many', /not one behind the other|outside/, ['superblock', 16, [4, 2 ** 20]]),
  refused('fragments-all', /outside of the image/, ['superblock', 16, [4, NONE]]),
  refused('fragments-list', /not one behind the other/, ['fragments.list', 0, [8, 95]]),
  refused('exports-nowhere', /outside of the image/, ['superblock', 88, [8, HUGE]]),
  refused('exports-list', /not one behind the other/, ['exports.list', 0, [8, 4700]]),
  refused('exports-over-ids', /not one behind the other|overlap/, ['superblock', 88, [8, 4683]]),
  refused('xattrs-nowhere', /outside of the image/, ['superblock', 56, [8, HUGE]]),
  refused('xattrs-none', /empty table/, ['sets', 8, [4, 0]]),
  refused('xattrs-many', /outside of the image|not one behind/, ['sets', 8, [4, NONE]]),
  refused('xattrs-content', /overlap/, ['sets', 0, [8, HUGE]]),
  refused('xattrs-content-over-ids', /overlap/, ['sets', 0, [8, 4600]]),
  refused('metadata-size-0', /0 stored bytes/, ['inodes', 0, [2, 0]]),
  refused('metadata-size-large', /8193 stored bytes/, ['inodes', 0, [2, 8193]]),
  refused('metadata-past-table', /outside of its table/, ['inodes', 0, [2, 0x8000 | 4000]]),
  refused('metadata-short', /outside of its table|behind the end/, ['inodes', 0, [2, 0x8000 | 20]]),
  refused('metadata-not-compressed', /damaged block/, ['inodes', 0, [2, 290]]),

  refused('inode-kind-0', /unknown kind 0/, ['inode.a', 0, [2, 0]]),
  refused('inode-kind-15', /unknown kind 15/, ['inode.a', 0, [2, 15]]),
  refused('inode-kind-huge', /unknown kind 65535/, ['inode.a', 0, [2, 65535]]),
  refused('inode-kind-other', /another number or kind/, ['inode.b', 0, [2, 5]]),
  refused('inode-mode', /mode 100644/, ['inode.a', 2, [2, 0o100644]]),
  refused('inode-uid', /id out of range/, ['inode.a', 4, [2, 2]]),
  refused('inode-gid', /id out of range/, ['inode.a', 6, [2, 65535]]),
  refused('inode-number-0', /number out of range/, ['inode.a', 12, [4, 0]]),
  refused('inode-number-large', /number out of range/, ['inode.a', 12, [4, 8]]),
  refused('inode-number-other', /another number or kind/, ['inode.b', 12, [4, 5]]),
  refused('symlink-empty', /target of 0 bytes/, ['inode.l', 20, [4, 0]]),
  refused('symlink-long', /target of 4294967295 bytes/, ['inode.l', 20, [4, NONE]]),
  refused('symlink-past-table', /outside of its table/, ['inode.l', 20, [4, 4000]]),
  refused('symlink-nul', /impossible target/, ['inode.l', 24, '\0']),
  refused('symlink-not-utf8', /impossible target/, ['inode.l', 24, Uint8Array.of(0xff)]),
  refused('root-parent-of-child', /another parent/, ['inode.dd', 28, [4, 4]]),
  refused('cyclic-parent', /another parent/, ['inode.dd', 28, [4, 7]]),

  refused(
    'listing-loop-root',
    /directory in two places/,
    loopEntry(),
    ['entry.dd', 2, [2, 1]],
    ['inode.root', 28, [4, 1]],
  ),
  refused('listing-within-itself', /another parent/, ['entry.e', 0, [2, 4406 - 4201, 4, 1]]),
  refused('listing-twice', /directory in two places/, ['entry.l', 0, [2, 4406 - 4201, 4, 1]]),
  refused('listing-size-huge', /stands behind/, ['inode.dd', 20, [4, NONE]]),
  refused('listing-size-large', /outside of its table/, ['inode.root', 24, [2, 65535]]),
  refused('listing-size-short', /ends within an entry/, ['inode.root', 24, [2, 40]]),
  refused('listing-position', /outside of its table/, ['inode.root', 16, [4, NONE]]),
  refused('listing-offset', /in a block of/, ['inode.root', 26, [2, 8191]]),
  refused('header-count', /4294967296 entries below one header/, ['listing.root', 0, [4, NONE]]),
  refused('header-count-257', /257 entries/, ['listing.root', 0, [4, 256]]),
  refused('header-count-more', /ends within an entry/, ['listing.root', 0, [4, 5]]),
  refused('header-count-less', /entries below|ends within/, ['listing.root', 0, [4, 3]]),
  refused('header-inode-block', /outside of its table/, ['listing.root', 4, [4, NONE]]),
  refused('header-number', /another number or kind/, ['listing.root', 8, [4, 1]]),
  refused('entry-offset', /behind the end of its block/, ['entry.a', 0, [2, 8191]]),
  refused('entry-offset-large', /behind the end of its block/, ['entry.a', 0, [2, 65535]]),
  refused('entry-kind', /another number or kind/, ['entry.a', 4, [2, 3]]),
  refused('entry-number', /another number or kind/, ['entry.b', 2, [2, 5]]),
  refused('entry-other-inode', /another number or kind/, ['entry.b', 0, [2, 0]]),
  refused('name-long', /name of 65536 bytes/, ['entry.a', 6, [2, 65535]]),
  refused('name-256', /name of 256 bytes/, ['entry.a', 6, [2, 255]]),
  refused('name-nul', /NUL in the name/, ['entry.a', 8, '\0']),
  refused('name-not-utf8', /not UTF-8/, ['entry.m', 8, Uint8Array.of(0xc3)]),
  refused('name-double', /stands behind/, ['entry.b', 8, 'a']),
  refused('name-unsorted', /stands behind/, ['entry.a', 8, 'z']),
  pathRefused('name-slash', /impossible name "\/"/, ['entry.a', 8, '/']),
  pathRefused('name-inner-slash', /impossible name/, ['entry.dd', 8, 'd/']),
  pathRefused('name-dot', /impossible name "\."/, ['entry.a', 8, '.']),
  pathRefused('name-dots', /impossible name "\.\."/, ['entry.a', 8, '!'], ['entry.b', 8, '"'], ['entry.dd', 8, '..']),

  refused('fragment-index', /fragment 1 of 1/, ['inode.e', 20, [4, 1]]),
  refused('fragment-offset', /not in its fragment/, ['inode.e', 24, [4, 5]]),
  refused('fragment-offset-huge', /not in its fragment/, ['inode.e', 24, [4, NONE]]),
  refused('fragment-position', /outside of its part/, ['fragments.block', 2, [8, HUGE]]),
  refused('fragment-in-superblock', /outside of its part/, ['fragments.block', 2, [8, 0]]),
  refused('fragment-over-inodes', /outside of its part/, ['fragments.block', 2, [8, 4198]]),
  refused('fragment-size-0', /impossible size/, ['fragments.block', 10, [4, 0]]),
  refused('fragment-size-large', /impossible size/, ['fragments.block', 10, [4, 4097]]),
  refused('fragment-size-bits', /impossible size/, ['fragments.block', 10, [4, 2 ** 25 + 7]]),
  refused('fragment-table-short', /outside of its table|behind|bytes/, ['fragments.block', 0, [2, 0x8004]]),
  refused('block-position', /outside of its part/, ['inode.a', 16, [8, HUGE]]),
  refused('block-in-superblock', /outside of its part/, ['inode.a', 16, [8, 0]]),
  refused('block-over-inodes', /outside of its part/, ['inode.a', 16, [8, 200]]),
  refused('block-size-large', /impossible size/, ['inode.a', 56, [4, 2 ** 24 + 4097]]),
  refused('block-size-bits', /impossible size/, ['inode.a', 56, [4, 2 ** 26]]),
  refused('block-short', /bytes where 4096 are due/, ['inode.a', 56, [4, 2 ** 24 + 4000]]),
  refused('block-not-compressed', /damaged block/, ['inode.a', 56, [4, 4096]]),
  refused('block-list-past-table', /impossible size|outside/, ['inode.m', 24, [8, 2 ** 30]]),
  refused('xattr-index', /extended attributes 1 of 1/, ['inode.a', 52, [4, 1]]),
  {
    ...refused('xattr-no-table', /without a table/),
    bytes: () =>
      changed({}, [
        ['superblock', 56, [4, NONE, NONE]],
        ['superblock', 40, [8, 4691]],
      ]).subarray(0, 4691),
  },
  refused('xattr-position', /outside of its table/, ['sets.block', 2, [8, HUGE]]),
  refused('xattr-offset', /in a metadata block of/, ['sets.block', 2, [8, 200]]),
  refused('xattr-count', /outside of its table/, ['sets.block', 10, [4, NONE]]),
  refused('xattr-type', /unknown type 3/, ['attributes', 2, [2, 3]]),
  refused('xattr-name-empty', /name of 0 bytes/, ['attributes', 4, [2, 0]]),
  refused('xattr-name-long', /name of 65535 bytes/, ['attributes', 4, [2, 65535]]),
  refused('xattr-name-nul', /impossible name/, ['attributes', 6, '\0']),
  refused('xattr-value-large', /attribute of 4294967295 bytes/, ['attributes', 9, [4, NONE]]),
  refused('xattr-value-past-table', /outside of its table/, ['attributes', 9, [4, 6]]),
  refused('xattr-reference-size', /reference of 5 bytes/, ['attributes', 2, [2, 0x100]]),
  refused(
    'xattr-reference',
    /outside of its table/,
    ['attributes', 2, [2, 0x100, 0]],
    ['attributes', 4, [2, 1]],
    ['attributes', 7, [4, 8]],
  ),
  {
    ...refused('trailing-bytes', /other bytes than zeros/),
    bytes: () => Buffer.concat([changed({}, []), Buffer.from('x')]),
  },
  {
    ...refused('trailing-much', /bytes behind the file system/),
    bytes: () => Buffer.concat([changed({}, []), Buffer.alloc(2 ** 21)]),
  },
]

/** Images that are small and become large. */
export const BOMB_CASES: readonly HostileSquashfs[] = [
  bomb('bomb-metadata-gzip', /damaged block/, () => ({ inodes: compressedMetadata(deflateSync(Buffer.alloc(2e6))) })),
  bomb('bomb-metadata-xz', /where at most 8192 are due/, async () => ({
    compressor: 4,
    inodes: compressedMetadata(await xzZeros()),
  })),
  bomb('bomb-metadata-zstd', /damaged block/, () => ({ compressor: 6, inodes: compressedMetadata(zstdZeros()) })),
  bomb('bomb-metadata-zstd-window', /damaged block/, () => ({
    compressor: 6,
    inodes: compressedMetadata(ZSTD_WINDOW),
  })),
  bomb('empty-metadata', /empty metadata/, () => ({ inodes: compressedMetadata(deflateSync(new Uint8Array(0))) })),
  bomb('bomb-block-gzip', /damaged block|impossible size/, () => data(1, DEFLATED_ZEROS.subarray(0, 4096))),
  bomb('bomb-block-xz', /where at most 4096 are due/, async () => data(4, await xzZeros())),
  bomb('bomb-block-zstd', /damaged block/, () => data(6, zstdZeros())),
  bomb('bomb-fragment-gzip', /damaged block/, () => tail(1, DEFLATED_ZEROS.subarray(0, 4096))),
  bomb('bomb-fragment-xz', /where at most 4096 are due/, async () => tail(4, await xzZeros())),
  bomb('bomb-fragment-zstd', /damaged block/, () => tail(6, zstdZeros())),
  bomb('block-of-a-byte', /1 bytes where 4096 are due/, () => data(1, deflateSync(Buffer.alloc(1)))),
  bomb('fragment-of-a-byte', /not in its fragment/, () => tail(1, deflateSync(Buffer.alloc(1)))),
  bomb('block-gzip-cut', /damaged block/, () => data(1, deflateSync(Buffer.alloc(4096)).subarray(0, -6))),
  bomb('block-xz-cut', /damaged block/, async () =>
    data(4, (await xzCompress(Buffer.alloc(4096), XZ)).subarray(0, -6)),
  ),
  bomb('block-zstd-cut', /damaged block/, () => data(6, zstdCompressSync(Buffer.alloc(4096)).subarray(0, -3))),
  tooMuch('sparse-bomb', /bytes of content/, {}, ['inode.m', 24, [8, 2 ** 46]]),
  tooMuch('sparse-bomb-64', /bytes of content/, {}, ['inode.m', 24, [4, NONE, NONE]]),
  tooMuch('bytes', /more than 8000 bytes of content/, { bytes: 8000 }),
  tooMuch('bytes-sum', /more than 9000 bytes of content/, { bytes: 9000 }),
  tooMuch('inode-count', /entries/, {}, ['superblock', 4, [4, NONE]]),
  tooMuch('entries', /more than 7 entries/, { entries: 7 }),
  tooMuch('path-bytes', /more than 3 bytes in one path/, { pathBytes: 3 }),
  tooMuch('metadata', /more than 100 bytes of metadata/, { metadata: 100 }),
]

function loopEntry(): Change {
  return ['entry.dd', 0, [2, 4459 - 4201]]
}

function data(compressor: number, block: Uint8Array): TinyData {
  return { compressor, block, blockSize: block.length }
}

function tail(compressor: number, fragment: Uint8Array): TinyData {
  return { compressor, fragment, fragmentSize: fragment.length }
}
