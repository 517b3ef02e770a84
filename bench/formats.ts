import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Cost, mrrl, shell, sideBySide } from './support/measure.ts'
import { makeBigFiles, makeDuplicates, makeSmallFiles } from './support/trees.ts'

/**
 * Packs and reads trees with mrrl and with the C tools, alternately, and prints what mrrl takes in times of the peer.
 *
 *   npm run bench -- [--only <part of a line>] [--scale <fraction>]
 *
 * The root filesystem is that of `images/x86_64`, to be built before; --scale makes the other trees smaller.
 * Both sides are whole programs, so that the start of Node and the hashing of files count. Needs mksquashfs, unsquashfs,
 * GNU tar, xz, zstd and gzip, and about 10 GB below the temporary folder.
 */
const rest = process.argv.slice(2)
const option = (name: string): string | undefined =>
  rest.includes(name) ? (rest[rest.indexOf(name) + 1] ?? '') : undefined
const scale = Number(option('--scale') ?? 1)
const only = option('--only')

const scratch = mkdtempSync(join(tmpdir(), 'mrrl-bench-'))
const ours = join(scratch, 'ours')
const theirs = join(scratch, 'theirs')
const out = join(scratch, 'out')

/** What is packed; made when it is first asked for. */
const trees: Readonly<Record<string, () => Promise<string>>> = {
  rootfs: () => made('rootfs', unpackRootfs),
  small: () => made('small', async (path) => makeSmallFiles(path, 50_000 * scale)),
  duplicates: () => made('duplicates', async (path) => makeDuplicates(path, 100_000 * scale)),
  big: () => made('big', (path) => makeBigFiles(path, 1024 * scale, readFileSync(process.execPath))),
  many: () => made('many', async (path) => makeSmallFiles(path, 300_000 * scale)),
  few: () => made('few', async (path) => makeSmallFiles(path, 10_000 * scale)),
}

const TAR = 'tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c -C'
const SQUASHFS_PEERS = {
  xz: '-comp xz -Xbcj x86 -Xdict-size 100%',
  zstd: '-comp zstd -Xcompression-level 15',
  gzip: '-comp gzip -Xcompression-level 9',
} as const
/** The options of `mrrl pack` that mean the same. */
const OURS = {
  xz: ['--compression', 'xz', '--filter', 'x86'],
  zstd: ['--compression', 'zstd', '--level', '15'],
  gzip: ['--compression', 'gzip', '--level', '9'],
} as const
const X86 = ['--filter', 'x86'] as const
const ALL_ROOT = ['--all-root', '--quiet'] as const
const TAR_PEERS = {
  'tar.xz': 'xz -T1 --x86 --lzma2=preset=9e -c',
  'tar.zst': 'zstd -q -19 -T1 -c',
  'tar.gz': 'gzip -n -9 -c',
} as const

const READERS = [
  ['squashfs', 'unsquashfs -ll', "unsquashfs -q -n -d 'OUT' 'IMAGE'"],
  ['tar', 'tar -tvf', "mkdir 'OUT' && tar -xf 'IMAGE' -C 'OUT'"],
  ['tar.xz', 'tar -tvJf', "mkdir 'OUT' && tar -xJf 'IMAGE' -C 'OUT'"],
] as const

console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? '?'}, Node ${process.version}; time and size in times of the peer's\n`,
)
console.log('what'.padEnd(40), 'time', ' size', '     seconds', '        bytes', '   MB')
try {
  for (const tree of ['rootfs', 'small', 'duplicates', 'big']) {
    for (const compression of ['xz', 'zstd', 'gzip'] as const) {
      for (const block of tree === 'rootfs' ? [131_072, 1_048_576] : [131_072]) {
        await squashfs(tree, compression, block)
      }
    }
  }
  for (const [format, peer] of Object.entries(TAR_PEERS)) await tar('rootfs', format, peer)
  for (const tree of ['rootfs', 'small', 'big']) await reading(tree)
  await perFile()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function squashfs(tree: string, compression: keyof typeof SQUASHFS_PEERS, block: number): Promise<void> {
  const name = `pack ${tree}, squashfs ${compression} ${block / 1024}K`
  if (!isWanted(name)) return
  const folder = await source(tree)
  const image = `${ours}.squashfs`
  const { ours: us, peer: them } = await sideBySide(
    rounds(tree),
    () =>
      fresh(image, () =>
        mrrl('pack', folder, '-o', image, ...ALL_ROOT, ...OURS[compression], '--block-size', `${block}`),
      ),
    () =>
      shell(
        `rm -f '${theirs}'; mksquashfs '${folder}' '${theirs}' ${SQUASHFS_PEERS[compression]} -b ${block} -all-root -all-time 0 -mkfs-time 0 ` +
          '-no-xattrs -noappend -no-progress -quiet',
      ),
  )
  print(name, us, them, size(image), size(theirs))
}

async function tar(tree: string, format: string, peer: string): Promise<void> {
  const name = `pack ${tree}, ${format}`
  if (!isWanted(name)) return
  const folder = await source(tree)
  const image = `${ours}.${format}`
  const { ours: us, peer: them } = await sideBySide(
    rounds(tree),
    () => fresh(image, () => mrrl('pack', folder, '-o', image, ...ALL_ROOT, ...(format === 'tar.xz' ? X86 : []))),
    () => shell(`${TAR} '${folder}' . | ${peer} > '${theirs}'`),
  )
  print(name, us, them, size(image), size(theirs))
}

async function reading(tree: string): Promise<void> {
  for (const [format, list, extract] of READERS) {
    const image = `${ours}.${format}`
    // Only how fast xz is would be seen.
    if (format === 'tar.xz' && tree !== 'rootfs') continue
    if (!isWanted(`list ${tree}, ${format}`) && !isWanted(`extract ${tree}, ${format}`)) continue
    rmSync(image, { force: true })
    await mrrl('pack', await source(tree), '-o', image, ...(format === 'squashfs' ? ['--compression', 'gzip'] : []))
    if (isWanted(`list ${tree}, ${format}`)) {
      const { ours: us, peer: them } = await sideBySide(
        3,
        () => mrrl('ls', image),
        () => shell(`${list} '${image}'`),
      )
      print(`list ${tree}, ${format}`, us, them)
    }
    if (isWanted(`extract ${tree}, ${format}`)) {
      const { ours: us, peer: them } = await sideBySide(
        rounds(tree),
        () => fresh(out, () => mrrl('extract', image, out)),
        () => fresh(out, () => shell(`${extract.replaceAll('OUT', out).replace('IMAGE', image)}`)),
      )
      print(`extract ${tree}, ${format}`, us, them)
    }
  }
}

async function perFile(): Promise<void> {
  const name = 'time per file, 300 000 against 10 000'
  if (!isWanted(name)) return
  const few = await packed('few', 10_000 * scale)
  const many = await packed('many', 300_000 * scale)
  console.log(
    `${name.padEnd(40)} ${(many.micros / few.micros).toFixed(2)}   (${many.micros.toFixed(0)} µs, ${many.megabytes.toFixed(0)} MB)`,
  )
}

async function packed(tree: string, count: number): Promise<{ micros: number; megabytes: number }> {
  const image = `${ours}.squashfs`
  const folder = await source(tree)
  const cost = await fresh(image, () => mrrl('pack', folder, '-o', image, '--compression', 'gzip'))
  return { micros: (cost.seconds * 1e6) / count, megabytes: cost.megabytes }
}

function print(name: string, us: Cost, them: Cost, ourSize = 0, theirSize = 0): void {
  const ratio = (a: number, b: number, digits: number): string => (b === 0 ? '' : (a / b).toFixed(digits))
  console.log(
    name.padEnd(40),
    ratio(us.seconds, them.seconds, 2).padStart(4),
    ratio(ourSize, theirSize, 4).padStart(6),
    `${us.seconds.toFixed(1)}/${them.seconds.toFixed(1)}`.padStart(12),
    (ourSize === 0 ? '' : String(ourSize)).padStart(12),
    us.megabytes.toFixed(0).padStart(5),
  )
}

async function unpackRootfs(path: string): Promise<void> {
  const image = resolve(import.meta.dirname, '../images/x86_64/rootfs.tar.xz')
  if (!existsSync(image)) throw new Error('build it first: npx mrrl build x86_64')
  mkdirSync(path)
  await shell(`tar -xJf '${image}' -C '${path}' --no-same-owner`)
}

async function made(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(scratch, 'trees', name)
  if (existsSync(path)) return path
  mkdirSync(join(scratch, 'trees'), { recursive: true })
  await make(path)
  return path
}

async function fresh(path: string, work: () => Promise<Cost>): Promise<Cost> {
  rmSync(path, { recursive: true, force: true })
  return work()
}

function source(tree: string): Promise<string> {
  const make = trees[tree]
  if (make === undefined) throw new Error(`no tree ${tree}`)
  return make()
}

function rounds(tree: string): number {
  return tree === 'big' ? 1 : 3
}

function isWanted(name: string): boolean {
  return only === undefined || name.includes(only)
}

function size(path: string): number {
  return statSync(path).size
}
