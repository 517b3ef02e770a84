import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { writeDir } from '../../src/formats/dir.ts'
import { SCAN_DEFAULTS, type ScannedFolder, type ScanOptions, scanFolder } from '../../src/formats/directory-source.ts'
import { checkImage } from '../../src/model/check-image.ts'
import { type Digest, digestOf } from '../../src/model/digest.ts'
import { noise } from '../support/bytes.ts'
import { exampleTree } from '../support/example.ts'
import { ImageBuilder } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, run, withFolder } from '../support/tools.ts'

/** At least this large, a file is hashed on another thread. */
const LARGE = 2 ** 22

async function scan(folder: string, options: Partial<ScanOptions> = {}): Promise<ScannedFolder> {
  const scanned = await scanFolder(folder, { ...SCAN_DEFAULTS, ...options })
  checkImage(scanned.image)
  return scanned
}

const paths = ({ image }: ScannedFolder): string[] => image.entries.map(({ path }) => path)

function digestIn({ image }: ScannedFolder, path: string): Digest {
  const entry = image.entries.find((one) => one.path === path)
  if (entry?.kind !== 'file') throw new Error(`${path} is no file`)
  return entry.digest
}

async function drain(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

spec('folder as an image', (test) => {
  test.unless(missingRoot(), 'gives back an image that was written as a folder', () =>
    withFolder(async (folder) => {
      const tree = exampleTree().fifo('run/fifo').hardlink('z-second', 'run/fifo').directory('run')
      const root = join(folder, 'rootfs')
      await writeDir(tree.image(), tree, root)
      const { image, warnings } = await scan(root, { epoch: tree.image().epoch })
      assert.equal(image, tree.image())
      assert.equal(warnings, [])
    }),
  )

  test('has sockets, and the first of several names as the file', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'm'), 'x')
      linkSync(join(folder, 'm'), join(folder, 'z'))
      linkSync(join(folder, 'm'), join(folder, 'a'))
      symlinkSync('nowhere', join(folder, 'link'))
      linkSync(join(folder, 'link'), join(folder, 'link2'))
      const server = createServer().listen(join(folder, 'sock'))
      await new Promise((listening) => server.once('listening', listening))
      const { entries } = (await scan(folder)).image
      server.close()
      assert.equal(
        entries.map((entry) => [entry.path, entry.kind, 'target' in entry ? entry.target : '']),
        [
          ['', 'directory', ''],
          ['a', 'file', ''],
          ['link', 'symlink', 'nowhere'],
          ['link2', 'hardlink', 'link'],
          ['m', 'hardlink', 'a'],
          ['sock', 'socket', ''],
          ['z', 'hardlink', 'a'],
        ],
      )
    }))

  test('is in the order of images, whatever the names', () =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, 'a'))
      for (const name of ['a/b', 'a.b', 'a-', 'ab', '\uff5e', '😀', 'Z', 'ü', 'has\ufffdit', '-x', 'new\nline']) {
        writeFileSync(join(folder, name), '')
      }
      const found = paths(await scan(folder))
      assert.is(found.length, 13)
      assert.equal(found.slice(0, 6), ['', '-x', 'Z', 'a', 'a/b', 'a-'])
      assert.equal(found.slice(-2), ['\uff5e', '😀'])
    }))

  test('does not follow links, but may be named by one', () =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, 'in'))
      writeFileSync(join(folder, 'outside'), 'x')
      symlinkSync('..', join(folder, 'in/up'))
      symlinkSync('/etc', join(folder, 'in/etc'))
      symlinkSync('in', join(folder, 'name'))
      assert.equal(paths(await scan(join(folder, 'name'))), ['', 'etc', 'up'])
    }))

  test('has other owners, or fewer entries, when that is asked for', () =>
    withFolder(async (folder) => {
      for (const name of ['a/.git', 'tmp/x', 'keep']) mkdirSync(join(folder, name), { recursive: true })
      const scanned = await scan(folder, { uid: 7, gid: 2 ** 32 - 1, exclude: ['**/.git', 'tmp/**'] })
      assert.equal(paths(scanned), ['', 'a', 'keep', 'tmp'])
      for (const entry of scanned.image.entries) {
        assert.ok(entry.kind !== 'hardlink' && entry.uid === 7 && entry.gid === 2 ** 32 - 1)
      }
      await rejects('E_USAGE', () => scan(folder, { exclude: ['a{b'] }))
    }))

  test('has the same digests from any number of threads', () =>
    withFolder(async (folder) => {
      const content = noise(LARGE + 12_345, 7)
      for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), content)
      writeFileSync(join(folder, 'aa'), content.subarray(1))
      for (const threads of [1, 3]) {
        const scanned = await scan(folder, { threads })
        assert.is(digestIn(scanned, 'a'), digestOf(content))
        assert.is(digestIn(scanned, 'c'), digestOf(content))
        assert.equal(await drain(scanned.blobs.stream(digestIn(scanned, 'aa'))), Buffer.from(content.subarray(1)))
        assert.equal(Buffer.from(await scanned.blobs.read(digestIn(scanned, 'b'))), Buffer.from(content))
      }
    }))

  test('refuses names and link targets that are not UTF-8', () =>
    withFolder(async (folder) => {
      const bad = Buffer.from([0x78, 0xff])
      mkdirSync(join(folder, 'n'))
      writeFileSync(Buffer.concat([Buffer.from(join(folder, 'n/')), bad]), '')
      assert.match((await rejects('E_SOURCE', () => scan(join(folder, 'n')))).message, /name that is not UTF-8/)
      mkdirSync(join(folder, 't'))
      symlinkSync(bad, join(folder, 't/link'))
      assert.match((await rejects('E_SOURCE', () => scan(join(folder, 't')))).message, /target that is not UTF-8/)
    }))

  test('refuses what is no folder, is not there or is closed', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'file'), '')
      await rejects('E_SOURCE', () => scan(join(folder, 'file')))
      await rejects('E_SOURCE', () => scan(join(folder, 'none')))
      chmodSync(join(folder, 'file'), 0)
      if (process.getuid?.() !== 0) await rejects('E_SOURCE', () => scan(folder))
    }))

  test('stops when it is aborted', () =>
    withFolder(async (folder) => {
      for (let at = 0; at < 600; at++) writeFileSync(join(folder, String(at)), '')
      await rejects('E_INTERRUPTED', () => scan(folder, { signal: AbortSignal.abort() }))
    }))
})

/** What may become of a file between the two times that it is read. */
const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  'has other bytes': (path) => writeFileSync(path, Buffer.alloc(3_000_000, 'y'), { flag: 'r+' }),
  'has one other byte at its end': (path) => {
    truncateSync(path, 2_999_999)
    appendFileSync(path, 'y')
  },
  grew: (path) => appendFileSync(path, 'x'),
  shrank: (path) => truncateSync(path, 2_999_999),
  'is empty': (path) => truncateSync(path),
  'went away': (path) => rmSync(path),
  'became a link': (path) => {
    renameSync(path, `${path}2`)
    symlinkSync(`${path}2`, path)
  },
  'became a folder': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'became a pipe that nobody writes to': (path) => {
    rmSync(path)
    run('mkfifo', path)
  },
}

spec('content of a folder', (test) => {
  for (const [what, change] of Object.entries(CHANGES)) {
    test(`is refused when a file ${what}`, () =>
      withFolder(async (folder) => {
        const path = join(folder, 'file')
        for (const read of ['whole', 'in pieces']) {
          rmSync(path, { recursive: true, force: true })
          rmSync(`${path}2`, { force: true })
          writeFileSync(path, Buffer.alloc(3_000_000, 'x'))
          const scanned = await scan(folder)
          const digest = digestIn(scanned, 'file')
          change(path)
          const error = await rejects('E_SOURCE_CHANGED', () =>
            read === 'whole' ? scanned.blobs.read(digest) : drain(scanned.blobs.stream(digest)),
          )
          assert.is(error.fields.path, path)
        }
      }))
  }

  test('of files that are read at once is compared too', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'file')
      const one = 'one'.repeat(30_000)
      writeFileSync(path, one)
      const scanned = await scan(folder)
      const digest = digestIn(scanned, 'file')
      assert.is(Buffer.from(await scanned.blobs.read(digest)).toString(), one)
      for (const text of ['two'.repeat(30_000), one.slice(1), `${one} more`, '']) {
        writeFileSync(path, text)
        await rejects('E_SOURCE_CHANGED', () => scanned.blobs.read(digest))
        await rejects('E_SOURCE_CHANGED', () => drain(scanned.blobs.stream(digest)))
      }
    }))

  test('of small files is what was hashed, whatever becomes of them', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'a'), 'one')
      writeFileSync(join(folder, 'b'), 'one')
      writeFileSync(join(folder, 'c'), 'two')
      const scanned = await scan(folder)
      const digests = ['a', 'b', 'c'].map((path) => digestIn(scanned, path))
      assert.equal(digests, [digestOf(Buffer.from('one')), digestOf(Buffer.from('one')), digestOf(Buffer.from('two'))])
      rmSync(join(folder, 'a'))
      writeFileSync(join(folder, 'c'), 'three')
      for (const [at, text] of ['one', 'one', 'two'].entries()) {
        assert.is(Buffer.from(await scanned.blobs.read(digests[at] as Digest)).toString(), text)
        assert.is((await drain(scanned.blobs.stream(digests[at] as Digest))).toString(), text)
      }
    }))

  test('tells files apart that differ in one byte', () =>
    withFolder(async (folder) => {
      const content = Buffer.alloc(1000, 'x')
      for (let at = 0; at < content.length; at++) {
        content[at] = 0
        writeFileSync(join(folder, `${at}`), content)
        content[at] = 0x78
      }
      const scanned = await scan(folder)
      for (let at = 0; at < content.length; at++) {
        content[at] = 0
        assert.is(digestIn(scanned, `${at}`), digestOf(content))
        assert.equal(Buffer.from(await scanned.blobs.read(digestOf(content))), content)
        content[at] = 0x78
      }
    }))
})

spec('extended attributes of a folder', (test) => {
  const reason = missing('getfattr', 'setfattr') ?? missingRoot()

  test.unless(reason, 'are kept where their names are wanted', () =>
    withFolder(async (folder) => {
      const strange = 'na=me\\ \nü'
      for (const name of ['plain', strange]) {
        writeFileSync(join(folder, name), '')
        run('setfattr', '-n', 'user.b', '-v', '0x00ff0a', join(folder, name))
        run('setfattr', '-n', 'user.a', join(folder, name))
        run('setfattr', '-n', 'trusted.x', '-v', 'x', join(folder, name))
      }
      symlinkSync('plain', join(folder, 'link'))
      run('setfattr', '-h', '-n', 'trusted.link', '-v', 'l', join(folder, 'link'))
      const { image } = await scan(folder, { xattrs: ['user.*', 'trusted.link'] })
      const found = Object.fromEntries(
        image.entries.map((entry) => [
          entry.path,
          entry.kind === 'hardlink'
            ? []
            : entry.xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('hex')]),
        ]),
      )
      const both = [
        ['user.a', ''],
        ['user.b', '00ff0a'],
      ]
      assert.equal(found, { '': [], link: [['trusted.link', '6c']], [strange]: both, plain: both })
      assert.equal(
        (await scan(folder)).image.entries.every((one) => one.kind === 'hardlink' || !one.xattrs.length),
        true,
      )
    }),
  )

  test.unless(reason ?? missing('setfacl'), 'do not hold access control lists, which is said', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'file'), '')
      run('setfacl', '-m', 'u:5:r', join(folder, 'file'))
      const { warnings } = await scan(folder, { xattrs: ['user.*'] })
      assert.equal(warnings, ['/file has an access control list, which images do not hold'])
    }),
  )

  test('are refused when nothing can read them', () =>
    withFolder(async (folder) => {
      const path = process.env.PATH
      process.env.PATH = folder
      try {
        assert.match((await rejects('E_SOURCE', () => scan(folder, { xattrs: ['user.*'] }))).hint, /Install getfattr/)
      } finally {
        process.env.PATH = path
      }
    }))

  test('of an image that a folder cannot have are refused', () =>
    withFolder(async (folder) => {
      const tree = new ImageBuilder().file('x', '', { xattrs: [{ name: 'user.a', value: Buffer.from('1') }] })
      await rejects('E_IMAGE', () => writeDir(tree.image(), tree, join(folder, 'rootfs')))
      const socket = new ImageBuilder().socket('x')
      await rejects('E_IMAGE', () => writeDir(socket.image(), socket, join(folder, 'rootfs')))
    }))
})
