import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type CpioSpec, cpioArchive, cpioEntry, cpioTrailer, FILE_MODE, FOLDER_MODE, LINK_MODE } from './cpio-bytes.ts'

/** One archive that must be refused. */
export interface HostileCpio {
  /** File name, unique in the corpus. */
  readonly name: string
  readonly code: 'E_ARCHIVE' | 'E_ARCHIVE_PATH' | 'E_ARCHIVE_LIMIT'
  /** Part of the message, so that it is refused for the right reason. */
  readonly says: RegExp
  readonly bytes: () => Uint8Array
}

type Row = readonly [name: string, code: HostileCpio['code'], says: RegExp, bytes: () => Uint8Array]

const BAD = 'E_ARCHIVE'
const PATH = 'E_ARCHIVE_PATH'
const LIMIT = 'E_ARCHIVE_LIMIT'
const FILE: CpioSpec = { name: 'a', content: 'x' }
const FOLDER: CpioSpec = { name: 'd', mode: FOLDER_MODE }
const LINK: CpioSpec = { name: 'l', mode: LINK_MODE, content: 'd' }
const LINKED = { ino: 7, links: 2 }
const DEVICE: CpioSpec = { name: 'c', mode: 0o020600, major: 1, minor: 3 }

const of =
  (...specs: readonly CpioSpec[]): (() => Uint8Array) =>
  () =>
    cpioArchive(...specs)
const joined =
  (...parts: readonly Uint8Array[]): (() => Uint8Array) =>
  () =>
    Buffer.concat(parts)

const ROWS: readonly Row[] = [
  ['path-dotdot', PATH, /leaves the target folder/, of({ ...FILE, name: '../evil' })],
  ['path-dotdot-inside', PATH, /leaves the target folder/, of({ ...FILE, name: 'a/../../evil' })],
  ['path-absolute', PATH, /absolute path/, of({ ...FILE, name: '/etc/passwd' })],
  ['path-empty', BAD, /without a name/, of({ ...FILE, name: '' })],
  ['path-empty-segment', PATH, /segment ""/, of({ ...FILE, name: 'a//b' })],
  ['path-dot-segment', PATH, /segment "\."/, of({ ...FILE, name: 'a/./b' })],
  ['path-of-folder', PATH, /path of a folder/, of({ ...FILE, name: 'a/' })],
  ['path-of-root', PATH, /path of a folder/, of({ ...FILE, name: '.' })],
  ['path-not-utf8', BAD, /UTF-8/, of({ ...FILE, name: Buffer.from([0x61, 0xff]) })],
  ['path-nul', BAD, /after the NUL/, of({ ...FILE, name: 'a\0b' })],
  ['path-no-nul', BAD, /without a NUL/, of({ ...FILE, name: 'abc', nameSize: 3 })],
  ['path-no-bytes', BAD, /without a NUL/, of({ ...FILE, nameSize: 0 })],
  ['path-too-long', LIMIT, /name of 4097 bytes/, of({ ...FILE, name: 'x/'.repeat(2048) })],
  ['path-huge', LIMIT, /name of 4294967295 bytes/, of({ ...FILE, nameSize: 2 ** 32 - 1 })],
  ['name-too-long', LIMIT, /more than 255 bytes/, of({ ...FILE, name: 'n'.repeat(256) })],
  ['path-deep', LIMIT, /folders deep/, of({ ...FILE, name: `${'d/'.repeat(300)}f` })],
  ['twice', BAD, /there twice/, of(FILE, FILE)],
  ['twice-dot', BAD, /there twice/, of(FILE, { ...FILE, name: './a' })],
  ['folder-twice', BAD, /there twice/, of(FOLDER, FOLDER)],
  ['folder-late', BAD, /behind what is in it/, of({ ...FILE, name: 'd/f' }, FOLDER)],
  ['root-late', BAD, /behind what is in it/, of(FILE, { ...FOLDER, name: '.' })],
  ['below-file', BAD, /below the file/, of(FILE, { ...FILE, name: 'a/b' })],
  ['below-link', PATH, /below the link/, of(LINK, { ...FILE, name: 'l/b' })],
  ['link-empty', BAD, /without a name/, of({ ...LINK, content: '' })],
  ['link-nul', BAD, /NUL/, of({ ...LINK, content: 'a\0b' })],
  ['link-not-utf8', BAD, /UTF-8/, of({ ...LINK, content: Buffer.from([0xff]) })],
  ['link-too-long', LIMIT, /more than 4095 bytes/, of({ ...LINK, content: 'x'.repeat(4096) })],
  ['link-huge', LIMIT, /more than 4095 bytes/, of({ ...LINK, size: 2 ** 32 - 1 })],
  ['kind-unknown', BAD, /unknown kind/, of({ ...FILE, content: '', mode: 0o150644 })],
  ['kind-none', BAD, /unknown kind/, of({ ...FILE, content: '', mode: 0o644 })],
  ['mode-too-large', BAD, /has the mode/, of({ ...FILE, mode: FILE_MODE + 0o1000000 })],
  ['folder-with-content', BAD, /with content/, of({ ...FOLDER, content: 'x' })],
  ['device-with-content', BAD, /with content/, of({ ...DEVICE, content: 'x' })],
  ['fifo-with-content', BAD, /with content/, of({ ...DEVICE, mode: 0o010600, content: 'x' })],
  ['device-major', BAD, /device numbers/, of({ ...DEVICE, major: 4096 })],
  ['device-minor', BAD, /device numbers/, of({ ...DEVICE, minor: 2 ** 20 })],
  ['links-two-contents', BAD, /same inode number/, of({ ...FILE, ...LINKED }, { ...FILE, ...LINKED, name: 'b' })],
  ['links-two-kinds', BAD, /same inode number/, of({ ...FILE, ...LINKED }, { ...LINK, ...LINKED })],
  ['links-two-modes', BAD, /same inode number/, of({ ...FILE, ...LINKED }, { name: 'b', ...LINKED, mode: 0o100755 })],
  [
    'links-two-targets',
    BAD,
    /same inode number/,
    of({ ...LINK, ...LINKED }, { ...LINK, ...LINKED, name: 'm', content: 'e' }),
  ],
  [
    'links-two-devices',
    BAD,
    /same inode number/,
    of({ ...DEVICE, ...LINKED }, { ...DEVICE, ...LINKED, name: 'e', minor: 4 }),
  ],
  ['magic-odc', BAD, /old octal form|not a cpio/, of({ ...FILE, magic: '070707' })],
  ['magic-odc-later', BAD, /old octal form/, of(FILE, { ...FILE, name: 'b', magic: '070707' })],
  ['magic-wrong', BAD, /no cpio header/, of(FILE, { ...FILE, name: 'b', magic: '070703' })],
  ['field-not-hex', BAD, /not hexadecimal/, of({ ...FILE, patch: [54, '0000000g'] })],
  ['field-space', BAD, /not hexadecimal/, of({ ...FILE, patch: [54, '       1'] })],
  ['field-sign', BAD, /not hexadecimal/, of({ ...FILE, patch: [54, '-0000001'] })],
  ['checksum-wrong', BAD, /checksum/, of({ ...FILE, magic: '070702', checksum: 1 })],
  ['size-too-large', BAD, /cut off/, of({ ...FILE, size: 2 ** 31 })],
  ['size-too-small', BAD, /padding that is not zero|no cpio header/, of({ ...FILE, content: 'xxxxxxxx', size: 1 })],
  ['padding-of-name', BAD, /padding that is not zero/, of({ ...FILE, name: 'ab', patch: [113, 'x'] })],
  ['padding-of-content', BAD, /padding that is not zero/, of({ ...FILE, patch: [115, 'x'] })],
  ['cut-in-header', BAD, /cut off/, () => cpioEntry(FILE).subarray(0, 100)],
  ['cut-in-name', BAD, /cut off/, () => cpioEntry(FILE).subarray(0, 111)],
  ['cut-in-content', BAD, /cut off/, () => cpioEntry({ ...FILE, content: 'x'.repeat(100) }).subarray(0, 150)],
  ['no-trailer', BAD, /no trailer/, () => cpioEntry(FILE)],
  ['trailer-with-content', BAD, /trailer with content/, joined(cpioEntry(FILE), cpioTrailer({ content: 'x' }))],
  ['bytes-after', BAD, /after its trailer/, joined(cpioArchive(FILE), Buffer.from('x'))],
  ['second-archive', BAD, /after its trailer/, joined(cpioArchive(FILE), cpioArchive({ ...FILE, name: 'b' }))],
  ['second-archive-gzip', BAD, /after its trailer/, joined(cpioArchive(FILE), gzipSync(cpioArchive(FILE)))],
  ['gzip-then-bytes', BAD, /gzip data/, joined(gzipSync(cpioArchive(FILE)), Buffer.from('x'))],
]

/** cpio archives that must be refused, each with the error that it must lead to. */
export const HOSTILE_CPIO: readonly HostileCpio[] = ROWS.map(([name, code, says, bytes]) => ({
  name: `${name}.cpio`,
  code,
  says,
  bytes,
}))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2]
  if (folder === undefined) throw new Error('usage: node tests/support/hostile-cpio.ts <folder>')
  mkdirSync(folder, { recursive: true })
  for (const { name, bytes } of HOSTILE_CPIO) writeFileSync(join(folder, name), bytes())
  const index = HOSTILE_CPIO.map(({ name, code, says }) => [name, { code, says: says.source }])
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify(Object.fromEntries(index), null, 2)}\n`)
  console.log(`${HOSTILE_CPIO.length} archives in ${folder}`)
}
