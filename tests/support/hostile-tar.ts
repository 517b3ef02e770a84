import type { HostileArchive } from './hostile-containers.ts'
import { gnuLong, paxHeader, type TarSpec, tarBytes } from './tar-bytes.ts'

const FILE: TarSpec = { name: 'a', content: 'x' }
const NOT_UTF8 = Buffer.from([0x61, 0xff, 0x62])

type Row = readonly [name: string, code: HostileArchive['code'], says: RegExp, ...entries: TarSpec[]]

function rows(table: readonly Row[]): HostileArchive[] {
  return table.map(([name, code, says, ...entries]) => ({
    name: `${name}.tar`,
    code,
    says,
    bytes: () => tarBytes(...entries),
  }))
}

const PATH = 'E_ARCHIVE_PATH'
const BAD = 'E_ARCHIVE'
const LIMIT = 'E_ARCHIVE_LIMIT'
const link = (name: string, target: string | Uint8Array): TarSpec => ({ name, type: '2', link: target })
const hardLink = (name: string, target: string): TarSpec => ({ name, type: '1', link: target })

/** Names and links that lead out of the target folder, or mean different things to different readers. */
export const PATH_CASES: readonly HostileArchive[] = [
  ...rows([
    ['path-dotdot', PATH, /leaves the target folder/, { name: '../evil' }],
    ['path-dotdot-inside', PATH, /leaves the target folder/, { name: 'a/../../evil' }],
    ['path-dotdot-harmless', PATH, /leaves the target folder/, { name: 'a/../b' }],
    ['path-dotdot-folder', PATH, /leaves the target folder/, { name: '..', type: '5' }],
    ['path-dotdot-prefix', PATH, /leaves the target folder/, { name: 'evil', prefix: '../..' }],
    ['path-dotdot-pax', PATH, /leaves the target folder/, paxHeader({ path: '../evil' }), FILE],
    ['path-dotdot-gnu', PATH, /leaves the target folder/, gnuLong('L', '../evil'), { ...FILE, magic: 'ustar  \0' }],
    ['path-absolute', PATH, /absolute path/, { name: '/etc/passwd' }],
    ['path-absolute-pax', PATH, /absolute path/, paxHeader({ path: '/etc/passwd' }), FILE],
    ['path-absolute-double', PATH, /absolute path/, { name: '//evil' }],
    ['path-backslash', PATH, /backslash/, { name: 'a\\..\\..\\evil' }],
    ['path-empty-segment', PATH, /segment ""/, { name: 'a//b' }],
    ['path-dot-segment', PATH, /segment "\."/, { name: 'a/./b' }],
    ['path-dot-twice', PATH, /segment "\."/, { name: '././b' }],
    ['path-of-folder', PATH, /path of a folder/, { name: 'a/' }],
    ['path-of-root', PATH, /path of a folder/, { name: './' }],
    ['path-empty', BAD, /without a name/, { name: '' }],
    ['path-not-utf8', BAD, /UTF-8/, { name: NOT_UTF8 }],
    ['path-not-utf8-pax', BAD, /UTF-8/, paxHeader({ path: NOT_UTF8 }), FILE],
    ['path-overlong-utf8', BAD, /UTF-8/, { name: Buffer.from([0xc0, 0xae, 0xc0, 0xae, 0x2f, 0x61]) }],
    ['path-nul-ustar', BAD, /after the NUL/, { name: 'a\0/../../evil' }],
    ['path-nul-pax', BAD, /has a NUL/, paxHeader({ path: 'a\0b' }), FILE],
    ['path-nul-gnu', BAD, /NUL in its name/, gnuLong('L', 'a\0b'), { ...FILE, magic: 'ustar  \0' }],
    ['link-absolute', PATH, /absolute path/, link('a', '/etc')],
    ['link-out', PATH, /out of the target/, link('a', '..')],
    ['link-out-deep', PATH, /out of the target/, link('a/b/c', '../../../x')],
    ['link-out-and-back', PATH, /out of the target/, link('a/b', '../../root/x')],
    ['link-out-pax', PATH, /out of the target/, paxHeader({ linkpath: '../../etc' }), link('a', 'b')],
    ['link-out-gnu', PATH, /out of the target/, gnuLong('K', '../../etc'), { ...link('a', 'b'), magic: 'ustar  \0' }],
    ['link-out-through-link', PATH, /out of the target/, link('a/b/up', '..'), link('s', 'a/b/up/../..')],
    ['link-out-through-two', PATH, /out of the target/, link('x', 'd/e'), link('d/e', 'f/..'), link('y', 'x/../..')],
    ['link-without-target', BAD, /without a name/, link('a', '')],
    ['link-not-utf8', BAD, /UTF-8/, link('a', NOT_UTF8)],
    ['link-nul-pax', BAD, /has a NUL/, paxHeader({ linkpath: 'b\0c' }), link('a', 'b')],
    ['link-with-content', BAD, /link or folder with content/, { ...link('a', 'b'), content: 'x' }],
    ['link-then-write', PATH, /below the link/, link('d', 'e'), { name: 'd/f', content: 'x' }],
    ['link-then-write-deep', PATH, /below the link/, link('d', 'e'), { name: 'd/f/g/h', content: 'x' }],
    ['link-over-folder', BAD, /there twice/, { name: 'd/f' }, link('d', 'e')],
    ['file-over-link', BAD, /there twice/, link('d', 'e'), { name: 'd', content: 'x' }],
    ['hardlink-out', PATH, /leaves the target/, hardLink('a', '../../etc/passwd')],
    ['hardlink-absolute', PATH, /absolute path/, hardLink('a', '/etc/passwd')],
    ['hardlink-to-nothing', PATH, /no earlier file/, hardLink('a', 'b')],
    ['hardlink-to-later', PATH, /no earlier file/, hardLink('b', 'a'), FILE],
    ['hardlink-to-itself', PATH, /no earlier file/, hardLink('a', 'a')],
    ['hardlink-to-folder', PATH, /no earlier file/, { name: 'd/', type: '5' }, hardLink('a', 'd')],
    ['hardlink-to-symlink', PATH, /no earlier file/, link('s', 'x'), hardLink('a', 's')],
    ['hardlink-with-content', BAD, /link or folder with content/, FILE, { ...hardLink('b', 'a'), content: 'x' }],
    ['twice-file', BAD, /there twice/, FILE, FILE],
    ['twice-file-dot', BAD, /there twice/, FILE, { name: './a', content: 'y' }],
    ['twice-folder', BAD, /there twice/, { name: 'd/', type: '5' }, { name: './d', type: '5' }],
    ['twice-folder-over-file', BAD, /there twice/, FILE, { name: 'a/', type: '5' }],
    ['twice-file-over-folder', BAD, /there twice/, { name: 'd/f' }, { name: 'd' }],
    ['file-below-file', BAD, /below the file/, FILE, { name: 'a/b' }],
  ]),
  {
    ...(rows([['link-out-after-strip', PATH, /out of the target/, link('p/a', '../p/b')]])[0] as HostileArchive),
    source: { strip: 1 },
  },
  {
    ...(rows([['twice-after-strip', BAD, /there twice/, { name: 'p/a' }, { name: 'q/a' }]])[0] as HostileArchive),
    source: { strip: 1 },
  },
]

/** Fields of headers out of rule. */
export const HEADER_CASES: readonly HostileArchive[] = rows([
  ['type-char-device', BAD, /character device/, { name: 'a', type: '3' }],
  ['type-block-device', BAD, /block device/, { name: 'a', type: '4' }],
  ['type-fifo', BAD, /fifo/, { name: 'a', type: '6' }],
  ['type-contiguous', BAD, /unknown type/, { name: 'a', type: '7' }],
  ['type-unknown', BAD, /unknown type/, { name: 'a', type: 'Z' }],
  ['type-gnu-sparse', BAD, /sparse/, { name: 'a', type: 'S', magic: 'ustar  \0' }],
  ['type-gnu-volume', BAD, /volume label/, { name: 'a', type: 'V', magic: 'ustar  \0' }],
  ['type-gnu-continued', BAD, /continued/, { name: 'a', type: 'M', magic: 'ustar  \0' }],
  ['type-gnu-incremental', BAD, /incremental/, { name: 'a', type: 'D', magic: 'ustar  \0' }],
  ['gnu-sparse-fields', BAD, /GNU fields/, { name: 'a', magic: 'ustar  \0', patch: [386, '00000000001\0'] }],
  ['sparse-pax-0', BAD, /sparse/, paxHeader({ 'GNU.sparse.map': '0,1' }), FILE],
  ['sparse-pax-1', BAD, /sparse/, paxHeader({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), FILE],
  ['sparse-star', BAD, /sparse/, paxHeader({ 'SCHILY.realsize': '10' }), FILE],
  ['magic-unknown', BAD, /unknown tar magic/, { ...FILE, magic: 'ustar\x0099' }],
  ['checksum-wrong', BAD, /wrong header checksum/, { ...FILE, checksumError: 1 }],
  ['checksum-wrong-later', BAD, /wrong header checksum/, FILE, { name: 'b', checksumError: -1 }],
  ['size-negative', BAD, /negative/, { name: 'a', size: Buffer.alloc(12, 0xff) }],
  ['size-minus-one', BAD, /not an octal number/, { name: 'a', size: '-1\0' }],
  ['size-huge', BAD, /too large/, { name: 'a', size: Buffer.from('80ffffffffffffffffffffff', 'hex') }],
  ['size-past-2-53', BAD, /too large/, { name: 'a', size: Buffer.from('800000000020000000000001', 'hex') }],
  ['size-not-octal', BAD, /not an octal number/, { name: 'a', size: '00000000089\0' }],
  ['size-trailing-junk', BAD, /not an octal number/, { name: 'a', size: '1 1\0' }],
  ['size-empty', BAD, /not an octal number/, { name: 'a', size: Buffer.alloc(12) }],
  ['mode-bad', BAD, /mode that is not/, { ...FILE, mode: '0x1ff\0' }],
  ['uid-negative', BAD, /uid that is negative/, { ...FILE, patch: [108, Buffer.alloc(8, 0xff)] }],
  ['folder-with-content', BAD, /link or folder with content/, { name: 'd', type: '5', content: 'x' }],
  ['pax-length-short', BAD, /length of a record/, paxHeader('9 path=evil\n'), FILE],
  ['pax-length-long', BAD, /length of a record/, paxHeader('99 path=evil\n'), FILE],
  ['pax-length-zero', BAD, /start with its length/, paxHeader('0 path=evil\n'), FILE],
  ['pax-length-leading-zero', BAD, /start with its length/, paxHeader('013 path=evil\n'), FILE],
  ['pax-length-sign', BAD, /start with its length/, paxHeader('+13 path=evil\n'), FILE],
  ['pax-length-huge', BAD, /start with its length/, paxHeader('99999999999999999999 path=a\n'), FILE],
  ['pax-no-newline', BAD, /length of a record/, paxHeader('11 path=evil'), FILE],
  ['pax-no-equals', BAD, /no keyword/, paxHeader('9 path/a\n'), FILE],
  ['pax-no-keyword', BAD, /printable/, paxHeader('6 =ab\n'), FILE],
  ['pax-twice', BAD, /stated twice/, paxHeader('10 path=a\n10 path=b\n'), FILE],
  ['pax-unknown', BAD, /is unknown/, paxHeader({ 'security.selinux': 'x' }), FILE],
  ['pax-empty-path', BAD, /path is empty/, paxHeader({ path: '' }), FILE],
  ['pax-binary-names', BAD, /not in UTF-8/, paxHeader({ hdrcharset: 'BINARY' }), FILE],
  ['pax-size-negative', BAD, /size is not a number/, paxHeader({ size: '-1' }), FILE],
  ['pax-size-hex', BAD, /size is not a number/, paxHeader({ size: '0x1' }), FILE],
  ['pax-size-differs', BAD, /two different sizes/, paxHeader({ size: '1024' }), FILE],
  ['pax-global-path', BAD, /stated for all entries/, paxHeader({ path: 'evil' }, 'g'), FILE],
  ['pax-global-size', BAD, /stated for all entries/, paxHeader({ size: '0' }, 'g'), FILE],
  ['pax-two-headers', BAD, /describes one entry twice/, paxHeader({ path: 'b' }), paxHeader({ path: 'c' }), FILE],
  ['pax-and-gnu', BAD, /a pax and a GNU name/, paxHeader({ path: 'b' }), gnuLong('L', 'c'), FILE],
  ['pax-before-end', BAD, /describes a next entry/, FILE, paxHeader({ path: 'b' })],
  ['gnu-two-names', BAD, /describes one entry twice/, gnuLong('L', 'b'), gnuLong('L', 'c'), FILE],
  ['gnu-name-before-end', BAD, /describes a next entry/, FILE, gnuLong('L', 'b')],
  ['pax-too-large', LIMIT, /extra header of/, paxHeader({ comment: 'x'.repeat(1 << 20) }), FILE],
  ['gnu-name-too-large', LIMIT, /extra header of/, gnuLong('L', 'x'.repeat(5000)), FILE],
])
