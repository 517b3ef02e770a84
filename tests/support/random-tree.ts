import fc from 'fast-check'
import type { Xattr } from '../../src/model/image.ts'
import { comparePaths } from '../../src/model/tree.ts'
import { compareBytes } from '../../src/util/compare.ts'
import { codeLike, noise } from './bytes.ts'
import { ImageBuilder } from './image.ts'

/** What random trees may have, so that a reader with a known fault can be spared it. */
export interface TreeLimits {
  /** Most bytes of a link target. */
  readonly target: number
  /** Highest user or group id. */
  readonly id: number
}

/** What only some formats and readers know. */
export interface TreeExtras {
  readonly hardlinks: boolean
  readonly sockets: boolean
  readonly xattrs: boolean
}

const NO_EXTRAS: TreeExtras = { hardlinks: false, sockets: false, xattrs: false }

const NAME = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9._+-]{0,11}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('ü', '名前', 'with space', '-dash', '😀', 'a'.repeat(120), `${'b'.repeat(250)}.conf`),
  },
)

const CONTENT = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc.uint8Array({ maxLength: 200 }),
  fc.tuple(fc.nat(70_000), fc.integer()).map(([length, seed]) => noise(length, seed)),
  fc.tuple(fc.nat(300_000), fc.integer()).map(([length, seed]) => codeLike(length, seed)),
  fc.tuple(fc.nat(300_000), fc.nat(255)).map(([length, byte]) => new Uint8Array(length).fill(byte)),
  // Blocks of zeros between others.
  fc
    .tuple(fc.nat(5), fc.nat(9000))
    .map(([blocks, rest]) => Buffer.concat([noise(4096), Buffer.alloc(blocks * 4096 + rest)])),
)

// `trusted` ones are for root only.
const XATTRS = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('user.note', 'user.ü', 'trusted.overlay.opaque', 'security.ima', 'security.other'),
      value: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(3).map((seed) => noise(3000, seed)),
        fc.constant(noise(200)),
      ),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  )
  .map((all) => all.sort((a, b) => compareBytes(a.name, b.name)))

/** Random trees: `image()` of the builder gives the image, the builder itself reads its files. */
export function randomTree(limits: TreeLimits, extras: TreeExtras = NO_EXTRAS): fc.Arbitrary<ImageBuilder> {
  const id = fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(limits.id))
  const xattrs = extras.xattrs ? XATTRS : fc.constant<Xattr[]>([])
  const attributes = fc.record({ mode: fc.nat(0o7777), uid: id, gid: id, xattrs })
  const kinds = [
    ...(['file', 'file', 'file', 'directory', 'symlink', 'device', 'fifo'] as const),
    ...(extras.hardlinks ? (['hardlink'] as const) : []),
    ...(extras.sockets ? (['socket'] as const) : []),
  ]
  const target = fc
    .oneof(NAME, fc.constantFrom('/', '..', '../../lib/x.so.1', 'x'.repeat(99), 'y'.repeat(4095)))
    .filter((text) => Buffer.byteLength(text) <= limits.target)
  const item = fc.record({
    kind: fc.constantFrom(...kinds),
    parent: fc.nat(),
    name: NAME,
    attributes,
    content: CONTENT,
    target,
    device: fc.record({
      type: fc.constantFrom('char' as const, 'block' as const),
      major: fc.nat(255),
      minor: fc.nat(255),
    }),
  })
  return fc.array(item, { maxLength: 40 }).map((items) => {
    const builder = new ImageBuilder()
    const folders = ['']
    const linkable: string[] = []
    const taken = new Set<string>()
    for (const { kind, parent, name, attributes: drawn, content, target, device } of items) {
      // Linux has `user` attributes on files and directories only.
      const holdsUser = kind === 'file' || kind === 'directory'
      const held = drawn.xattrs.filter((xattr) => holdsUser || !xattr.name.startsWith('user.'))
      const attributes = { ...drawn, xattrs: held }
      const folder = folders[parent % folders.length] as string
      const path = folder === '' ? name : `${folder}/${name}`
      if (taken.has(path) || path.length > 1000) continue
      taken.add(path)
      if (kind === 'hardlink') {
        // The first in order is the one that is not a link.
        const first = linkable[parent % Math.max(linkable.length, 1)]
        if (first !== undefined && comparePaths(first, path) < 0) builder.hardlink(path, first)
        continue
      }
      if (kind !== 'directory') linkable.push(path)
      if (kind === 'file') builder.file(path, content, attributes)
      else if (kind === 'symlink') builder.symlink(path, target, { ...attributes, mode: 0o777 })
      else if (kind === 'device') builder.device(path, device.type, device.major, device.minor, attributes)
      else if (kind === 'fifo') builder.fifo(path, attributes)
      else if (kind === 'socket') builder.socket(path, attributes)
      else {
        folders.push(path)
        builder.directory(path, attributes)
      }
    }
    return builder
  })
}
