import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { readCpioImage } from '../../src/archive/cpio-image.ts'
import { readTarImage } from '../../src/archive/tar-image.ts'
import { cpioBytes } from '../../src/formats/cpio.ts'
import { tarBytes } from '../../src/formats/tar.ts'
import type { Image, Inode } from '../../src/model/image.ts'
import { comparePaths } from '../../src/model/tree.ts'
import { openSquashfs } from '../../src/squashfs/read.ts'
import { type SquashfsOptions, writeSquashfs } from '../../src/squashfs/write.ts'
import { collect } from '../support/bytes.ts'
import { ImageBuilder, line, MemorySink, sha256 } from '../support/image.ts'
import { expectedMembers, readAll } from '../support/members.ts'
import { randomTree } from '../support/random-tree.ts'
import { spec } from '../support/spec.ts'
import { memoryFile, mountListing } from '../support/squashfs-image.ts'
import { missing, missingRoot, missingSquashfsMount, pipe, run, withFolder, withMount } from '../support/tools.ts'

/**
 * Random trees, many in each image, read by every reader there is. `MRRL_SEED=<seed>` repeats a run.
 * Every tree is a folder of its image: programs start twenty times, not thousands of times.
 */
const IMAGES = 10
const TREES_PER_IMAGE = 200
/** All but every tenth file are cut to this many bytes: what matters here is their number. */
const SMALL = 3000
/** ext4 has room for 4 KiB of attributes per file. */
const XATTR_BYTES = 700

const GZIP = { method: 'gzip', level: 9, window: 15 } as const
const XZ = { method: 'xz', branchFilter: 'x86', dictionarySize: 2 ** 17 } as const
const COMMON = { fragments: true, exportable: true, parallel: 3 } as const
const VARIANTS: readonly SquashfsOptions[] = [
  { ...COMMON, compression: GZIP, blockSize: 4096 },
  { ...COMMON, compression: XZ, blockSize: 2 ** 17 },
  { ...COMMON, compression: { method: 'zstd', level: 15 }, blockSize: 2 ** 17 },
  { ...COMMON, compression: GZIP, blockSize: 2 ** 16, fragments: false },
  { ...COMMON, compression: { method: 'zstd', level: 3 }, blockSize: 2 ** 20, exportable: false },
]

const seed = Number(process.env.MRRL_SEED ?? Date.now() % 2 ** 31)
const noTools = missingRoot() ?? missing('getfattr', 'tar', 'bsdtar', 'unsquashfs', 'sqfs2tar', 'cpio', 'bsdcpio')

spec('every reader', (test) => {
  console.log(`seed ${seed}, ${IMAGES * TREES_PER_IMAGE} trees`)
  // sqfs2tar spoils link targets above 100 bytes; the highest id means "leave it".
  const limits = { target: 99, id: 2 ** 32 - 2 }
  const trees = fc.sample(randomTree(limits, { hardlinks: true, sockets: false, xattrs: true }), {
    seed,
    numRuns: IMAGES * TREES_PER_IMAGE,
  })
  for (let at = 0; at < IMAGES; at++) {
    const options = VARIANTS[at % VARIANTS.length] as SquashfsOptions
    const some = trees.slice(at * TREES_PER_IMAGE, (at + 1) * TREES_PER_IMAGE)
    const what = `${options.compression.method} ${options.blockSize}`

    test(`ours give back trees ${at}: squashfs ${what}, tar, cpio`, async () => {
      const all = await together(some)
      const expected = await expectedMembers(all.image(), all)
      same(await readAll(await openSquashfs(memoryFile(await squashfs(all, options)))), expected, 'squashfs')
      same(await readAll(readTarImage(tarBytes(all.image(), all))), expected, 'tar')
      const plain = forCpio(all.image())
      // A file with several names comes where its content is, with the last of them.
      const found = (await readAll(readCpioImage(cpioBytes(plain, all)))) as { path: string }[]
      found.sort((a, b) => comparePaths(a.path, b.path))
      same(found, await expectedMembers(plain, all), 'cpio')
    })

    test.unless(
      missingSquashfsMount() ?? noTools,
      `the kernel, unsquashfs and sqfs2tar agree on squashfs ${at}: ${what}`,
      () =>
        withFolder(async (folder) => {
          const all = await together(some)
          const expected = await listing(all, all.image())
          const image = join(folder, 'image')
          writeFileSync(image, await squashfs(all, options))
          const at = (name: string): string => join(folder, name)
          mkdirSync(at('kernel'))
          await withMount(image, at('kernel'), () => same(mountListing(at('kernel')), expected, 'kernel'))
          run('unsquashfs', '-q', '-n', '-d', at('unsquashfs'), image)
          same(mountListing(at('unsquashfs')), expected, 'unsquashfs')
          mkdirSync(at('sqfs2tar'))
          const tar = run('sqfs2tar', '-r', '.', image)
          pipe(tar, 'tar', ...TAR_OPTIONS, '-C', at('sqfs2tar'))
          same(mountListing(at('sqfs2tar')), expected, 'sqfs2tar')
        }),
    )

    test.unless(noTools, `GNU tar and bsdtar agree on tar ${at}, both cpio on cpio`, () =>
      withFolder(async (folder) => {
        const all = await together(some)
        const tar = await collect(tarBytes(all.image(), all))
        const expected = await listing(all, all.image())
        const at = (name: string): string => join(folder, name)
        for (const name of ['tar', 'bsdtar', 'cpio', 'bsdcpio']) mkdirSync(at(name))
        pipe(tar, 'tar', ...TAR_OPTIONS, '-C', at('tar'))
        same(mountListing(at('tar')), expected, 'tar')
        pipe(tar, 'bsdtar', '-xp', '--numeric-owner', '--xattrs', '-f', '-', '-C', at('bsdtar'))
        // bsdtar leaves the folder that it unpacks into as it is.
        same(mountListing(at('bsdtar')).slice(1), expected.slice(1), 'bsdtar')

        const plain = forCpio(all.image())
        const cpio = await collect(cpioBytes(plain, all))
        const bare = withoutTimes(await listing(all, plain))
        pipe(cpio, '/bin/sh', '-c', `cd '${at('cpio')}' && cpio -i --quiet --preserve-modification-time -d`)
        same(withoutTimes(mountListing(at('cpio'))), bare, 'cpio')
        pipe(cpio, '/bin/sh', '-c', `cd '${at('bsdcpio')}' && bsdcpio -i --quiet --preserve-owner -m`)
        same(withoutTimes(mountListing(at('bsdcpio'))), bare, 'bsdcpio')
      }),
    )
  }
})

const TAR_OPTIONS = ['-x', '-p', '--numeric-owner', '--xattrs', '--xattrs-include=*'] as const

async function squashfs(tree: ImageBuilder, options: SquashfsOptions): Promise<Buffer> {
  const sink = new MemorySink()
  await writeSquashfs(tree.image(), tree, sink, options)
  return sink.finish()
}

/** One tree with a folder for each of `trees`. */
async function together(trees: readonly ImageBuilder[]): Promise<ImageBuilder> {
  const all = new ImageBuilder()
  let files = 0
  for (const [number, tree] of trees.entries()) {
    const top = `tree${number}`
    for (const entry of tree.image().entries) {
      const path = entry.path === '' ? top : `${top}/${entry.path}`
      if (entry.kind === 'hardlink') {
        all.hardlink(path, `${top}/${entry.target}`)
        continue
      }
      const attributes = { ...entry, xattrs: settable(entry), path }
      if (entry.kind === 'directory') all.directory(path, attributes)
      else if (entry.kind === 'symlink') all.symlink(path, entry.target, attributes)
      else if (entry.kind === 'device') all.device(path, entry.type, entry.major, entry.minor, attributes)
      else if (entry.kind === 'fifo') all.fifo(path, attributes)
      else if (entry.kind === 'file') {
        const content = await tree.read(entry.digest)
        all.file(path, files++ % 10 === 0 ? content : content.subarray(0, SMALL), withoutDigest(attributes))
      }
    }
  }
  return all
}

function withoutDigest<T extends object>(attributes: T): Omit<T, 'digest'> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'digest')) as Omit<T, 'digest'>
}

/** Attributes that Linux lets root set: `user` ones on files and folders only, and no made-up signature for IMA. */
function settable({ kind, xattrs }: Inode): Inode['xattrs'] {
  const isPlain = kind === 'file' || kind === 'directory'
  return xattrs
    .filter(({ name }) => name !== 'security.ima' && (isPlain || !name.startsWith('user.')))
    .map(({ name, value }) => ({ name, value: value.subarray(0, XATTR_BYTES) }))
}

/** Without what cpio cannot hold, and without second names of symlinks, of which GNU cpio makes copies. */
function forCpio(image: Image): Image {
  const symlinks = new Set(image.entries.filter(({ kind }) => kind === 'symlink').map(({ path }) => path))
  const entries = image.entries
    .filter((entry) => entry.kind !== 'hardlink' || !symlinks.has(entry.target))
    .map((entry) => (entry.kind === 'hardlink' ? entry : { ...entry, xattrs: [] }))
  return { ...image, entries }
}

/** What {@link mountListing} should find. */
async function listing(blobs: ImageBuilder, image: Image): Promise<string[]> {
  const lines: string[] = []
  for (const entry of image.entries) {
    if (entry.kind === 'hardlink') {
      lines.push(JSON.stringify([entry.path, 'hardlink', entry.target]))
      continue
    }
    const { path, kind, uid, gid } = entry
    const mode = kind === 'symlink' ? 0o777 : entry.mode
    const detail = await detailOf(entry, blobs)
    const xattrs = entry.xattrs.map(({ name, value }) => `${name}=0x${Buffer.from(value).toString('hex')}`)
    lines.push(`${line({ path, kind, mode, uid, gid, time: image.epoch, detail })} ${xattrs.join(' ')}`)
  }
  return lines
}

async function detailOf(entry: Inode, blobs: ImageBuilder): Promise<string> {
  if (entry.kind === 'symlink') return entry.target
  if (entry.kind === 'device') return `${entry.type} ${entry.major},${entry.minor}`
  if (entry.kind !== 'file') return ''
  const bytes = await blobs.read(entry.digest)
  return `${bytes.length} ${sha256(bytes)}`
}

/** Both cpio programs set the time of a folder, and then put files into it; GNU's sets none of a link. */
function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((text) => text.replace(/^(\[.*,"(?:directory|symlink)","\d+",\d+,\d+,)\d+/, '$1'))
}

/** Shows the first that differ: a whole listing has thousands. */
function same(found: readonly unknown[], expected: readonly unknown[], reader: string): void {
  const at = expected.findIndex((one, index) => !isDeepStrictEqual(one, found[index]))
  if (at >= 0) assert.equal(found[at], expected[at], `${reader}, entry ${at}`)
  assert.is(found.length, expected.length, reader)
}
