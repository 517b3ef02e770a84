import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Image, Inode } from '../../src/model/image.ts'
import { type SquashfsOptions, writeSquashfs } from '../../src/squashfs/write.ts'
import { noise } from '../support/bytes.ts'
import { expectedListing, ImageBuilder, MemorySink, sha256 } from '../support/image.ts'
import { folderListing } from '../support/listing.ts'
import { check } from '../support/property.ts'
import { randomTree } from '../support/random-tree.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, missingRoot, missingSquashfsMount, run, withFolder, withMount } from '../support/tools.ts'

const noMount = missingSquashfsMount()
const noGetfattr = noMount ?? missing('getfattr')

const OPTIONS: SquashfsOptions = {
  compression: { method: 'gzip', level: 6, window: 15 },
  blockSize: 2 ** 16,
  fragments: true,
  exportable: true,
  parallel: 3,
}
const EXTRAS = { hardlinks: true, sockets: true, xattrs: true }

async function pack(tree: ImageBuilder): Promise<Buffer> {
  const sink = new MemorySink()
  await writeSquashfs(tree.image(), tree, sink, OPTIONS)
  return sink.finish()
}

async function mounted(tree: ImageBuilder, body: (root: string, image: Buffer) => void | Promise<void>): Promise<void> {
  const image = await pack(tree)
  await withFolder(async (folder) => {
    writeFileSync(join(folder, 'image'), image)
    mkdirSync(join(folder, 'root'))
    await withMount(join(folder, 'image'), join(folder, 'root'), () => body(join(folder, 'root'), image))
  })
}

/** Names of each inode, as paths. */
function namesOf(image: Image): ReadonlyMap<Inode, readonly string[]> {
  const inodes = new Map<string, Inode>()
  const names = new Map<Inode, string[]>()
  for (const entry of image.entries) {
    if (entry.kind !== 'hardlink') inodes.set(entry.path, entry)
    const inode = inodes.get(entry.kind === 'hardlink' ? entry.target : entry.path) as Inode
    names.set(inode, [...(names.get(inode) ?? []), entry.path])
  }
  return names
}

function expectedXattrs(image: Image): string[] {
  return [...namesOf(image)]
    .flatMap(([{ xattrs }, paths]) =>
      paths.flatMap((path) => xattrs.map(({ name, value }) => `${path} ${name} ${sha256(value)}`)),
    )
    .sort()
}

/** What `getfattr` finds, one attribute per line. */
function foundXattrs(root: string): string[] {
  const lines: string[] = []
  let path = ''
  const report = run('getfattr', '-RPhd', '-m', '-', '-e', 'hex', '--absolute-names', root).toString('latin1')
  for (const text of report.split('\n')) {
    const named = /^# file: (.*)$/.exec(text)?.[1]
    if (named !== undefined) path = unquoted(named).slice(root.length + 1)
    const [name = '', value = ''] = text.split('=')
    if (named === undefined && text !== '')
      lines.push(`${path} ${unquoted(name)} ${sha256(Buffer.from(value.slice(2), 'hex'))}`)
  }
  return lines.sort()
}

/** Undoes the octal escapes of `getfattr`. */
function unquoted(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return Buffer.from(bytes, 'latin1').toString()
}

/** An inode's numbers and count of links have to be those of all its names. */
function checkLinks(root: string, image: Image): void {
  for (const [inode, paths] of namesOf(image)) {
    if (inode.kind === 'directory' || inode.kind === 'symlink') continue
    const stats = paths.map((path) => statSync(join(root, path)))
    assert.ok(stats.every(({ nlink, ino }) => nlink === paths.length && ino === stats[0]?.ino))
  }
}

spec('squashfs inodes, seen by the kernel', (test) => {
  test.unless(noMount, 'hard links: one inode, counted, wherever the names are', async () => {
    const tree = new ImageBuilder()
      .directory('a')
      .file('a/a', 'text', { mode: 0o755 })
      .directory('a/b')
      .directory('a/b/c')
      .hardlink('a/b/c/deep', 'a/a')
      .hardlink('a/same', 'a/a')
      .hardlink('z', 'a/a')
      .fifo('pipe')
      .hardlink('pipe2', 'pipe')
      .socket('socket')
      .hardlink('socket2', 'socket')
      .device('tty', 'char', 5, 0)
      .hardlink('tty2', 'tty')
      .symlink('way', 'a')
      .hardlink('way2', 'way')
    await mounted(tree, async (root, image) => {
      assert.equal(folderListing(root), await expectedListing(tree.image(), tree))
      checkLinks(root, tree.image())
      assert.is(statSync(join(root, 'z')).nlink, 4)
      assert.is(image.readUInt32LE(4), tree.image().entries.length - 7)
    })
  })

  test.unless(noGetfattr, 'extended attributes of every kind of inode, small, large and shared', async () => {
    const value = noise(60_000)
    const xattrs = [
      { name: 'security.note', value: Buffer.from('s') },
      { name: 'trusted.large', value },
      { name: 'trusted.overlay.opaque', value: Buffer.from('y') },
    ]
    const user = { name: 'user.empty', value: new Uint8Array(0) }
    const tree = new ImageBuilder()
      .directory('', { xattrs })
      .directory('d', { xattrs: [{ name: 'trusted.again', value }, user] })
      .file('d/f', noise(100_000), { xattrs: [...xattrs, user] })
      .symlink('l', 'd', { xattrs })
      .device('b', 'block', 7, 0, { xattrs })
      .device('c', 'char', 7, 0, { xattrs })
      .fifo('p', { xattrs })
      .socket('s', { xattrs })
      .hardlink('z', 's')
      .file('without', '')
    await mounted(tree, async (root, image) => {
      assert.equal(foundXattrs(root), expectedXattrs(tree.image()))
      assert.equal(folderListing(root), await expectedListing(tree.image(), tree))
      // The one large value, 100 000 bytes of noise and little else.
      assert.ok(image.length < 172_000)
    })
  })

  test.unless(noGetfattr, 'random trees', () =>
    check(
      fc.asyncProperty(randomTree({ target: 4095, id: 2 ** 32 - 2 }, EXTRAS), async (tree) => {
        // Without any, the kernel says that it has none.
        tree.directory('', { xattrs: [{ name: 'trusted.root', value: new Uint8Array(1) }] })
        await mounted(tree, async (root) => {
          assert.equal(folderListing(root), await expectedListing(tree.image(), tree))
          assert.equal(foundXattrs(root), expectedXattrs(tree.image()))
          checkLinks(root, tree.image())
        })
      }),
      25,
    ),
  )
})

spec('squashfs inodes, read by others', (test) => {
  test.unless(missingRoot() ?? missing('unsquashfs', 'getfattr'), 'unsquashfs makes the links and attributes', () =>
    withFolder(async (folder) => {
      const xattrs = [{ name: 'user.note', value: noise(300) }]
      const tree = new ImageBuilder()
        .file('a', 'x', { xattrs })
        .hardlink('b', 'a')
        .file('c', 'y', { xattrs })
        .directory('d', { xattrs: [...xattrs, { name: 'user.other', value: noise(300) }] })
        .fifo('p')
      writeFileSync(join(folder, 'image'), await pack(tree))
      run('unsquashfs', '-n', '-d', join(folder, 'root'), join(folder, 'image'))
      checkLinks(join(folder, 'root'), tree.image())
      assert.equal(foundXattrs(join(folder, 'root')), expectedXattrs(tree.image()))
    }),
  )

  test.unless(missing('rdsquashfs', 'sqfsdiff', 'mksquashfs', 'unsquashfs'), 'the programs of squashfs-tools-ng', () =>
    withFolder(async (folder) => {
      const [ours, theirs, root] = ['ours', 'theirs', 'root'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ]
      const tree = new ImageBuilder()
        .directory('d')
        .file('d/f', noise(200_000))
        .symlink('l', 'd/f')
        .hardlink('z', 'd/f')
      for (let at = 0; at < 1000; at++) tree.file(`d/name-${at}`, String(at))
      writeFileSync(ours, await pack(tree))
      assert.equal(run('rdsquashfs', '-c', 'z', ours), Buffer.from(noise(200_000)))
      run('unsquashfs', '-n', '-d', root, ours)
      run('mksquashfs', root, theirs, '-quiet', '-no-progress')
      run('sqfsdiff', '-a', ours, '-b', theirs)
    }),
  )
})

spec('squashfs inodes, many', (test) => {
  test.unless(noMount, 'a directory of 300 000 entries', () => {
    const tree = new ImageBuilder().directory('d')
    for (let at = 0; at < 300_000; at++) tree.fifo(`d/${(at * 7919) % 300_000}`)
    return mounted(tree, (root) => {
      for (const name of ['0', '1', '99999', '150000', '299999']) assert.ok(statSync(join(root, 'd', name)).isFIFO())
      assert.throws(() => statSync(join(root, 'd/300000')), /ENOENT/)
      const found = run('find', join(root, 'd'), '-type', 'p', '-printf', '%i\n').toString().trim().split('\n')
      assert.is(new Set(found).size, 300_000)
    })
  })

  test.unless(noMount, '65 535 different ids, and not one more', async () => {
    const tree = new ImageBuilder()
    for (let at = 0; at < 65_534; at++) tree.fifo(`${at}`, { uid: 2 ** 31 + at })
    await mounted(tree, (root) => assert.is(statSync(join(root, '65533')).uid, 2 ** 31 + 65_533))
    await rejects('E_IMAGE', () => pack(tree.fifo('x', { gid: 5 })))
  })

  test.unless(noMount, 'directories below each other, as deep as paths go', () => {
    const tree = new ImageBuilder()
    const path = Array.from({ length: 1500 }, () => 'd')
    for (let depth = 1; depth <= path.length; depth++) tree.directory(path.slice(0, depth).join('/'))
    tree.file(`${path.join('/')}/f`, 'deep')
    return mounted(tree, (root) => assert.is(readFileSync(join(root, ...path, 'f'), 'utf8'), 'deep'))
  })
})
