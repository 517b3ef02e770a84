import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { membersOf } from '../../src/formats/dir.ts'
import { EXTRACT_DEFAULTS, type ExtractOptions, extractImage } from '../../src/formats/extract.ts'
import type { ImageMember } from '../../src/model/image-reader.ts'
import type { ErrorCode } from '../../src/util/error-codes.ts'
import { asUser } from '../support/as-user.ts'
import { exampleTree } from '../support/example.ts'
import { expectedListing, ImageBuilder } from '../support/image.ts'
import { folderListing } from '../support/listing.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missingRoot, withFolder } from '../support/tools.ts'

type Member<K extends ImageMember['kind']> = Extract<ImageMember, { readonly kind: K }>

const OWNED = { mode: 0o755, uid: 0, gid: 0, xattrs: [], mtime: 1_700_000_000 }
const folder = (path: string): ImageMember => ({ kind: 'directory', path, ...OWNED })
const link = (path: string, target: string): Member<'symlink'> => ({ kind: 'symlink', path, target, ...OWNED })
const hard = (path: string, target: string): ImageMember => ({ kind: 'hardlink', path, target })
const file = (path: string, text = 'evil', size = text.length): Member<'file'> => ({
  kind: 'file',
  path,
  size,
  async *content() {
    yield Buffer.from(text)
  },
  ...OWNED,
})

/** Extracts members as a reader that checks nothing would give them. */
async function extract(
  target: string,
  members: readonly ImageMember[],
  options: Partial<ExtractOptions> = {},
): Promise<readonly string[]> {
  const reader = {
    async *members() {
      yield* members
    },
  }
  return extractImage(reader, target, { ...EXTRACT_DEFAULTS, ...options })
}

function extractTree(
  tree: ImageBuilder,
  target: string,
  options: Partial<ExtractOptions> = {},
): Promise<readonly string[]> {
  return extractImage({ members: () => membersOf(tree.image(), tree) }, target, { ...EXTRACT_DEFAULTS, ...options })
}

const mode = (path: string): number => lstatSync(path).mode & 0o7777

spec('extract', (test) => {
  for (const filesAtOnce of [1, 8]) {
    test.unless(missingRoot(), `gives root all that is in the image, ${filesAtOnce} at once`, () =>
      withFolder(async (scratch) => {
        const tree = exampleTree().fifo('run').hardlink('same', 'bin/su').hardlink('sane', 'run')
        const target = join(scratch, 'rootfs')
        const warnings = await extractTree(tree, target, { owners: true, devices: true, filesAtOnce })
        assert.equal(warnings, [])
        const plain = exampleTree()
        const isPlain = (line: string): boolean => !/^\["(run|same|sane)"/.test(line)
        assert.equal(folderListing(target).filter(isPlain), await expectedListing(plain.image(), plain))
        assert.is(statSync(join(target, 'same')).ino, statSync(join(target, 'bin/su')).ino)
        assert.ok(lstatSync(join(target, 'sane')).isFIFO())
        assert.equal(readdirSync(scratch), ['rootfs'])
      }),
    )
  }

  test('leaves out owners, set-id bits, devices and sockets unless they are asked for', () =>
    withFolder(async (scratch) => {
      const tree = new ImageBuilder()
        .file('su', 'x', { mode: 0o6755, uid: 5, gid: 5 })
        .device('null', 'char', 1, 3)
        .hardlink('null2', 'null')
        .device('sda', 'block', 8, 0)
        .socket('sock')
        .file('x', '', { xattrs: [{ name: 'user.a', value: Buffer.from('1') }] })
      const target = join(scratch, 'rootfs')
      assert.equal(await extractTree(tree, target), [
        '2 devices, left out',
        '1 links to what was left out',
        '1 sockets, left out',
        '1 with extended attributes, not set',
      ])
      assert.equal(readdirSync(target).sort(), ['su', 'x'])
      assert.is(mode(join(target, 'su')), 0o755)
      assert.is(statSync(join(target, 'su')).uid, process.geteuid?.())
    }))

  test('fills an empty folder, which stays the same folder', () =>
    withFolder((scratch) =>
      asUser(scratch, async () => {
        const target = join(scratch, 'rootfs')
        mkdirSync(target)
        const { ino } = statSync(target)
        const tree = new ImageBuilder()
          .directory('', { mode: 0o555 })
          .directory('closed', { mode: 0 })
          .directory('closed/deep', { mode: 0o500 })
          .file('closed/deep/file', 'x')
        await extractTree(tree, target)
        assert.equal([statSync(target).ino, mode(target), mode(join(target, 'closed'))], [ino, 0o555, 0])
        assert.is(statSync(target).mtimeMs, tree.image().epoch * 1000)
        assert.equal(readdirSync(target), ['closed'])
        chmodSync(join(target, 'closed'), 0o700)
        assert.is(mode(join(target, 'closed/deep')), 0o500)
      }),
    ))

  test('keeps times, also before 1970 and between seconds', () =>
    withFolder(async (scratch) => {
      const target = join(scratch, 'new')
      await extract(target, [folder(''), { ...file('old'), mtime: -86_400 }, { ...link('l', 'x'), mtime: 1.5 }])
      assert.is(statSync(join(target, 'old')).mtimeMs, -86_400_000)
      assert.is(lstatSync(join(target, 'l')).mtimeMs, 1500)
    }))

  test('makes holes of zeros in large files', () =>
    withFolder(async (scratch) => {
      const size = 64 * 2 ** 20
      const zeros: ImageMember = {
        ...OWNED,
        kind: 'file',
        path: 'sparse',
        size,
        async *content() {
          for (let at = 0; at < size; at += 2 ** 20)
            yield at === 2 ** 20 ? Buffer.alloc(2 ** 20, 1) : Buffer.alloc(2 ** 20)
        },
      }
      await extract(join(scratch, 'new'), [folder(''), zeros])
      const stat = statSync(join(scratch, 'new/sparse'))
      assert.is(stat.size, size)
      assert.ok(stat.blocks * 512 < size / 8)
      assert.equal(readFileSync(join(scratch, 'new/sparse')).indexOf(1), 2 ** 20)
    }))

  test('makes a root folder where the image has none', () =>
    withFolder(async (scratch) => {
      await extract(join(scratch, 'new'), [file('a')])
      assert.is(mode(join(scratch, 'new')), 0o755)
    }))
})

/** Members that no reader of this project gives. `out` is a folder next to the target. */
const HOSTILE: Readonly<Record<string, readonly [ErrorCode, (out: string) => readonly ImageMember[]]>> = {
  'a path with ..': ['E_ARCHIVE_PATH', () => [folder(''), file('../out/x')]],
  'a path that ends in ..': ['E_ARCHIVE_PATH', () => [folder(''), folder('..')]],
  'a path through .. of a folder': ['E_ARCHIVE_PATH', () => [folder(''), folder('a'), file('a/../../out/x')]],
  'an absolute path': ['E_ARCHIVE_PATH', (out) => [folder(''), file(`${out}/x`)]],
  'an absolute folder': ['E_ARCHIVE_PATH', () => [folder(''), folder('/x')]],
  'a path with an empty segment': ['E_ARCHIVE_PATH', () => [folder(''), folder('a'), file('a//x')]],
  'a path with NUL': ['E_ARCHIVE_PATH', () => [folder(''), file('a\0b')]],
  'an empty path': ['E_ARCHIVE_PATH', () => [folder(''), file('')]],
  'a file below a link': ['E_ARCHIVE_PATH', (out) => [folder(''), link('a', out), file('a/x')]],
  'a folder below a link': ['E_ARCHIVE_PATH', (out) => [folder(''), link('a', out), folder('a/x')]],
  'a file below a link to a folder of the image': ['E_ARCHIVE_PATH', () => [folder('b'), link('a', 'b'), file('a/x')]],
  'a file below a file': ['E_ARCHIVE_PATH', () => [file('a'), file('a/x')]],
  'a file in the place of a link': ['E_ARCHIVE', (out) => [folder(''), link('a', `${out}/x`), file('a')]],
  'a folder in the place of a link': ['E_ARCHIVE', (out) => [folder(''), link('a', out), folder('a')]],
  'a link in the place of a folder': ['E_ARCHIVE', (out) => [folder(''), folder('a'), link('a', out)]],
  'a file twice': ['E_ARCHIVE', () => [file('a'), file('a')]],
  'a hard link out of the folder': ['E_ARCHIVE_PATH', () => [folder(''), hard('a', '../out/precious')]],
  'a hard link to an absolute path': ['E_ARCHIVE_PATH', (out) => [folder(''), hard('a', `${out}/precious`)]],
  'a hard link through a link': ['E_ARCHIVE_PATH', (out) => [link('l', out), hard('a', 'l/precious')]],
  'a hard link to nothing': ['E_ARCHIVE_PATH', () => [folder(''), hard('a', 'b')]],
  'a hard link to a folder': ['E_ARCHIVE_PATH', () => [folder('b'), hard('a', 'b')]],
  'a hard link to the root': ['E_ARCHIVE_PATH', () => [folder(''), hard('a', '')]],
  'a file longer than it says': ['E_ARCHIVE', () => [file('a', 'four', 3)]],
  'a file shorter than it says': ['E_ARCHIVE', () => [file('a', 'four', 5)]],
  'a large file shorter than it says': ['E_ARCHIVE', () => [file('a', 'four', 2 ** 24)]],
  'a large file longer than it says': ['E_ARCHIVE', () => [file('a', 'x'.repeat(2 ** 22), 2 ** 21)]],
}

spec('a hostile image', (test) => {
  for (const [what, [code, members]] of Object.entries(HOSTILE)) {
    test(`with ${what} is refused and leaves nothing`, () =>
      withFolder(async (scratch) => {
        const out = join(scratch, 'out')
        mkdirSync(out)
        writeFileSync(join(out, 'precious'), 'mine')
        mkdirSync(join(scratch, 'empty'))
        for (const target of ['new', 'empty']) {
          for (const filesAtOnce of [1, 8]) {
            await rejects(code, () => extract(join(scratch, target), members(out), { filesAtOnce }))
            assert.equal(readdirSync(scratch).sort(), ['empty', 'out'])
            assert.equal([readdirSync(out), readdirSync(join(scratch, 'empty'))], [['precious'], []])
          }
        }
        assert.is(statSync(join(out, 'precious')).nlink, 1)
      }))
  }

  test('may have links to anywhere, which are not followed', () =>
    withFolder(async (scratch) => {
      writeFileSync(join(scratch, 'precious'), 'mine', { mode: 0o640 })
      const target = join(scratch, 'new')
      await extract(target, [folder(''), link('a', '../precious'), link('b', '/etc'), hard('c', 'a')])
      assert.is(readlinkSync(join(target, 'a')), '../precious')
      assert.is(mode(join(scratch, 'precious')), 0o640)
      assert.is(lstatSync(join(target, 'a')).nlink, 2)
    }))
})

spec('the target of an extraction', (test) => {
  test('must be new or an empty folder', () =>
    withFolder(async (scratch) => {
      mkdirSync(join(scratch, 'full'))
      writeFileSync(join(scratch, 'full/x'), 'x')
      writeFileSync(join(scratch, 'file'), 'x')
      mkdirSync(join(scratch, 'empty'))
      symlinkSync('empty', join(scratch, 'link'))
      symlinkSync('nowhere', join(scratch, 'dangling'))
      for (const name of ['full', 'file', 'link', 'dangling', 'no/where', 'file/x']) {
        await rejects('E_TARGET', () => extract(join(scratch, name), [folder('')]))
      }
      assert.equal(readdirSync(scratch).sort(), ['dangling', 'empty', 'file', 'full', 'link'])
      assert.equal(readdirSync(join(scratch, 'empty')), [])
    }))

  test('is not there when the extraction is aborted', () =>
    withFolder(async (scratch) => {
      const controller = new AbortController()
      const many = Array.from({ length: 1000 }, (_, at) => file(String(at)))
      const onProgress = (): void => controller.abort()
      await rejects('E_INTERRUPTED', () =>
        extract(join(scratch, 'new'), many, { signal: controller.signal, onProgress }),
      )
      assert.not.ok(existsSync(join(scratch, 'new')))
      assert.equal(readdirSync(scratch), [])
    }))
})
