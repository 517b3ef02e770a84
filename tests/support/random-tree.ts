import fc from 'fast-check'
import { codeLike, noise } from './bytes.ts'
import { ImageBuilder } from './image.ts'

/** What random trees may have, so that a reader with a known fault can be spared it. */
export interface TreeLimits {
  /** Most bytes of a link target. */
  readonly target: number
  /** Highest user or group id. */
  readonly id: number
}

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

/** Random trees: `image()` of the builder gives the image, the builder itself reads its files. */
export function randomTree(limits: TreeLimits): fc.Arbitrary<ImageBuilder> {
  const id = fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(limits.id))
  const attributes = fc.record({ mode: fc.nat(0o7777), uid: id, gid: id })
  const target = fc
    .oneof(NAME, fc.constantFrom('/', '..', '../../lib/x.so.1', 'x'.repeat(99), 'y'.repeat(4095)))
    .filter((text) => Buffer.byteLength(text) <= limits.target)
  const item = fc.record({
    kind: fc.constantFrom('file', 'file', 'file', 'directory', 'symlink', 'device'),
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
    const taken = new Set<string>()
    for (const { kind, parent, name, attributes, content, target, device } of items) {
      const folder = folders[parent % folders.length] as string
      const path = folder === '' ? name : `${folder}/${name}`
      if (taken.has(path) || path.length > 1000) continue
      taken.add(path)
      if (kind === 'file') builder.file(path, content, attributes)
      else if (kind === 'symlink') builder.symlink(path, target, { ...attributes, mode: 0o777 })
      else if (kind === 'device') builder.device(path, device.type, device.major, device.minor, attributes)
      else {
        folders.push(path)
        builder.directory(path, attributes)
      }
    }
    return builder
  })
}
