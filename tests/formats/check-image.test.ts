import * as assert from 'uvu/assert'
import { checkImage } from '../../src/model/check-image.ts'
import type { Image, ImageEntry, Inode, Xattr } from '../../src/model/image.ts'
import { exampleTree } from '../support/example.ts'
import { ImageBuilder } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const owned = { mode: 0o755, uid: 0, gid: 0, xattrs: [] }
const folder = (path: string): Inode => ({ kind: 'directory', path, ...owned })
const xattrs = (...names: string[]): readonly Xattr[] => names.map((name) => ({ name, value: new Uint8Array(1) }))
const of = (...entries: ImageEntry[]): Image => ({ entries: [folder(''), ...entries], epoch: 0 })

const BAD: Readonly<Record<string, Image>> = {
  'no entries': { entries: [], epoch: 0 },
  'no root': { entries: [folder('a')], epoch: 0 },
  'a root that is no folder': { entries: [{ kind: 'symlink', path: '', target: 'x', ...owned }], epoch: 0 },
  'two roots': of(folder('')),
  duplicates: of(folder('a'), folder('a')),
  'wrong order': of(folder('b'), folder('a')),
  'a folder that does not come directly before its entries': of(folder('a'), folder('a.b'), folder('a/c')),
  'no parent': of(folder('a/b')),
  'a parent that is no folder': of({ kind: 'symlink', path: 'a', target: 'x', ...owned }, folder('a/b')),
  'an absolute name': of(folder('/a')),
  'a slash at the end': of(folder('a/')),
  'a dot': of(folder('.')),
  'two dots': of(folder('a'), folder('a/..')),
  'a NUL': of(folder('a\0b')),
  'half a surrogate pair': of(folder('\ud800')),
  'a long name': of(folder('x'.repeat(256))),
  'a long name in bytes': of(folder('ü'.repeat(128))),
  'an empty target': of({ kind: 'symlink', path: 'a', target: '', ...owned }),
  'a target with NUL': of({ kind: 'symlink', path: 'a', target: 'x\0', ...owned }),
  'a long target': of({ kind: 'symlink', path: 'a', target: 'x'.repeat(4096), ...owned }),
  'a mode above 07777': of({ ...folder('a'), mode: 0o10000 }),
  'a negative mode': of({ ...folder('a'), mode: -1 }),
  'a broken mode': of({ ...folder('a'), mode: Number.NaN }),
  'a user id of 33 bits': of({ ...folder('a'), uid: 2 ** 32 }),
  'a negative group id': of({ ...folder('a'), gid: -1 }),
  'half an id': of({ ...folder('a'), gid: 0.5 }),
  'a major of 13 bits': of({ kind: 'device', path: 'a', type: 'char', major: 4096, minor: 0, ...owned }),
  'a minor of 21 bits': of({ kind: 'device', path: 'a', type: 'char', major: 0, minor: 2 ** 20, ...owned }),
  'a hard link to nothing': of({ kind: 'hardlink', path: 'b', target: 'a' }),
  'a hard link to what comes later': of(
    { kind: 'hardlink', path: 'a', target: 'b' },
    { kind: 'fifo', path: 'b', ...owned },
  ),
  'a hard link to a folder': of(folder('a'), { kind: 'hardlink', path: 'b', target: 'a' }),
  'a hard link to a hard link': of(
    { kind: 'fifo', path: 'a', ...owned },
    { kind: 'hardlink', path: 'b', target: 'a' },
    { kind: 'hardlink', path: 'c', target: 'b' },
  ),
  'an extended attribute outside of the namespaces': of({ ...folder('a'), xattrs: xattrs('system.posix_acl_access') }),
  'an extended attribute without a name': of({ ...folder('a'), xattrs: xattrs('user.') }),
  'a long name of an extended attribute': of({ ...folder('a'), xattrs: xattrs(`user.${'x'.repeat(251)}`) }),
  'a NUL in the name of an extended attribute': of({ ...folder('a'), xattrs: xattrs('user.a\0') }),
  'an extended attribute twice': of({ ...folder('a'), xattrs: xattrs('user.a', 'user.a') }),
  'extended attributes in the wrong order': of({ ...folder('a'), xattrs: xattrs('user.b', 'user.a') }),
  'a large extended attribute': of({ ...folder('a'), xattrs: [{ name: 'user.a', value: new Uint8Array(65_537) }] }),
  'a negative epoch': { entries: [folder('')], epoch: -1 },
  'an epoch of 33 bits': { entries: [folder('')], epoch: 2 ** 32 },
}

spec('image rules', (test) => {
  for (const [what, image] of Object.entries(BAD)) {
    test(`refused: ${what}`, () => rejects('E_IMAGE', () => checkImage(image)))
  }

  test('allowed', () => {
    checkImage(exampleTree().image())
    checkImage(new ImageBuilder().image(2 ** 32 - 1))
    checkImage(of(folder('a'), folder('a/c'), folder('a.b'), folder('ü'.repeat(127)), folder('\uffff'), folder('😀')))
    checkImage(
      of(
        { kind: 'fifo', path: 'a', ...owned, xattrs: xattrs('security.capability', 'trusted.x', 'user.\n') },
        { kind: 'hardlink', path: 'b', target: 'a' },
        { kind: 'hardlink', path: 'c', target: 'a' },
      ),
    )
  })

  test('the error names the entry', async () => {
    const error = await rejects('E_IMAGE', () => checkImage(of(folder('a'), { ...folder('b'), mode: -1 })))
    assert.is(error.fields.path, 'b')
  })
})
