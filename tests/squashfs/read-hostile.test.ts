import * as assert from 'uvu/assert'
import { DEFAULT_SQUASHFS_LIMITS, type SquashfsLimits } from '../../src/squashfs/limits.ts'
import { openSquashfs } from '../../src/squashfs/read.ts'
import { BOMB_CASES, STRUCTURE_CASES } from '../support/hostile-squashfs.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { memoryFile, readerListing } from '../support/squashfs-image.ts'
import { tinySquashfs } from '../support/tiny-squashfs.ts'

const MOST_MS = 1000
const MOST_MEMORY = 64 * 2 ** 20

/** Reads everything that there is. */
async function readAll(bytes: Uint8Array, limits: SquashfsLimits): Promise<number> {
  const reader = await openSquashfs(memoryFile(bytes), limits)
  let size = 0
  for await (const member of reader.members()) {
    if (member.kind !== 'file') continue
    for await (const piece of member.content()) size += piece.length
  }
  return size
}

spec('squashfs, hostile', (test) => {
  test('the image that is made wrong is right', async () => {
    assert.is((await readerListing(tinySquashfs().bytes)).length, 8)
  })

  for (const { name, code, says, bytes, limits } of [...STRUCTURE_CASES, ...BOMB_CASES]) {
    test(name, async () => {
      const image = await bytes()
      const memory = process.memoryUsage().rss
      const started = performance.now()
      const error = await rejects(code, () => readAll(image, limits))
      assert.match(error.message, says)
      assert.ok(performance.now() - started < MOST_MS, 'takes too long')
      assert.ok(process.memoryUsage().rss - memory < MOST_MEMORY, 'takes too much memory')
    })
  }

  test('cut off anywhere', async () => {
    const { bytes } = tinySquashfs()
    for (let length = 0; length < bytes.length; length++) {
      await rejects('E_ARCHIVE', () => readAll(bytes.subarray(0, length), DEFAULT_SQUASHFS_LIMITS))
    }
  })

  test('cut off anywhere, and said to be as short', async () => {
    const { bytes } = tinySquashfs()
    for (let length = 96; length < bytes.length; length++) {
      const short = Buffer.from(bytes.subarray(0, length))
      short.writeUInt32LE(length, 40)
      await rejects('E_ARCHIVE', () => readAll(short, DEFAULT_SQUASHFS_LIMITS))
    }
  })

  test('a look-up refuses as well', async () => {
    for (const { name, code, bytes } of STRUCTURE_CASES) {
      if (!/^(name|entry|header|listing-size)/.test(name)) continue
      const reader = await openSquashfs(memoryFile(await bytes()), DEFAULT_SQUASHFS_LIMITS)
      try {
        await reader.lookup('dd/zz')
        await reader.lookup('zz')
        await reader.lookup('a')
      } catch (error) {
        assert.is((error as { code?: string }).code, code)
      }
    }
  })
})
