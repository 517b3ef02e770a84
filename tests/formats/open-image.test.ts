import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { openFile } from '../../src/formats/file-access.ts'
import { FILE_FORMATS } from '../../src/formats/format-names.ts'
import { openImage } from '../../src/formats/open-image.ts'
import { PACK_DEFAULTS, packImage } from '../../src/formats/pack.ts'
import type { ImageMember } from '../../src/model/image-reader.ts'
import { noise } from '../support/bytes.ts'
import { ImageBuilder } from '../support/image.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const CONTENT = noise(400_000)
const tree = new ImageBuilder()
  .directory('a')
  .file('a/one', 'one')
  .file('a/big', CONTENT, { mode: 0o4750, uid: 70_000, gid: 5 })
  .hardlink('z', 'a/one')
  .symlink('link', 'a')
  .device('null', 'char', 1, 3)
  .fifo('fifo')

async function pack(path: string, format: (typeof FILE_FORMATS)[number]): Promise<void> {
  await packImage(tree.image(), tree, path, { ...PACK_DEFAULTS, format })
}

async function contentOf(member: ImageMember | undefined): Promise<Buffer> {
  if (member?.kind !== 'file') throw new Error('not a file')
  const pieces: Uint8Array[] = []
  for await (const piece of member.content()) pieces.push(piece)
  return Buffer.concat(pieces)
}

spec('open image', (test) => {
  for (const format of FILE_FORMATS) {
    test(`tells ${format} by its bytes, and finds members as often as they are asked for`, () =>
      withFolder(async (folder) => {
        const path = join(folder, 'image')
        await pack(path, format)
        const image = await openImage(path)
        assert.is(image.family, format.replace(/\..*/, ''))
        for (const _ of [1, 2]) {
          const kinds = new Map<string, string>()
          for await (const member of image.members()) kinds.set(member.path, member.kind)
          assert.equal([...kinds.keys()].sort(), ['', 'a', 'a/big', 'a/one', 'fifo', 'link', 'null', 'z'])
          assert.ok((await contentOf(await image.find('a/big'))).equals(CONTENT))
          assert.is(await image.find('a/none'), undefined)
          assert.is((await image.find('link'))?.kind, 'symlink')
        }
        const big = await image.find('a/big')
        assert.ok(big?.kind === 'file' && big.mode === 0o4750 && big.uid === 70_000 && big.size === CONTENT.length)
        await image.close()
      }))

    test(`names the file when a ${format} is cut off`, () =>
      withFolder(async (folder) => {
        const path = join(folder, 'image')
        await pack(path, format)
        truncateSync(path, 200_000)
        const error = await rejects('E_ARCHIVE', async () => {
          const image = await openImage(path)
          try {
            for await (const member of image.members()) if (member.kind === 'file') await contentOf(member)
          } finally {
            await image.close()
          }
        })
        assert.ok(error.message.startsWith(path), error.message)
        assert.is(error.fields.archive, path)
      }))
  }

  test('says that a squashfs must not be compressed once more', () =>
    withFolder(async (folder) => {
      await pack(join(folder, 'image'), 'squashfs')
      writeFileSync(join(folder, 'image.gz'), gzipSync('hsqs and more'))
      const error = await rejects('E_ARCHIVE', () => openImage(join(folder, 'image.gz')))
      assert.match(error.message, /a squashfs that was compressed once more/)
    }))
})

spec('access to a file', (test) => {
  test('gives exactly what is asked for, anywhere', () =>
    withFolder(async (folder) => {
      const bytes = noise(3_000_000, 3)
      writeFileSync(join(folder, 'file'), bytes)
      const file = await openFile(join(folder, 'file'))
      assert.is(file.size, bytes.length)
      for (let round = 0; round < 300; round++) {
        const offset = (round * 7_919_993) % bytes.length
        const length = Math.min((round * 104_729) % (round % 3 === 0 ? 1_000_000 : 9000), bytes.length - offset)
        assert.ok(Buffer.from(await file.read(offset, length)).equals(bytes.subarray(offset, offset + length)))
      }
      for (const [offset, length] of [
        [bytes.length, 1],
        [bytes.length - 5, 6],
        [-1, 1],
        [2 ** 50, 1],
        [0, 2 ** 40],
      ] as const) {
        await rejects('E_ARCHIVE', () => file.read(offset, length))
      }
      truncateSync(join(folder, 'file'), 1000)
      await rejects('E_ARCHIVE', () => file.read(1_500_000, 900_000))
      await file.close()
    }))
})
