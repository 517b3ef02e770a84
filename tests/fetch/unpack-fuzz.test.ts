import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { MrrlError } from '../../src/util/errors.ts'
import { xzCompress } from '../../src/util/xz/encode.ts'
import { check } from '../support/property.ts'
import { spec } from '../support/spec.ts'
import { arBytes, paxHeader, tarBytes } from '../support/tar-bytes.ts'
import { unpackBytes, withStore } from '../support/unpack.ts'

const TAR = tarBytes(
  { name: 'd/', type: '5' },
  paxHeader({ path: 'd/é', comment: 'c' }),
  { content: 'content' },
  { name: 'l', type: '2', link: 'd/é' },
  { name: 'h', type: '1', link: 'd/é' },
)
/** `hello hello hello`, by bzip2 1.0.8. */
const BZIP2 = Buffer.from('QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=', 'base64')
const SEEDS: readonly Uint8Array[] = [
  TAR,
  gzipSync(TAR),
  zstdCompressSync(TAR),
  await xzCompress(TAR, { preset: 1, check: 'crc64', filter: 'none', dictionarySize: 1 << 16 }),
  BZIP2,
  arBytes(['debian-binary', '2.0\n'], ['data.tar', TAR]),
]

const mutation = fc.record({
  seed: fc.integer({ min: 0, max: SEEDS.length - 1 }),
  flips: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 255 })), {
    maxLength: 4,
  }),
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  tail: fc.uint8Array({ maxLength: 20 }),
})

spec('damaged archives', (test) => {
  test('are refused with a code or give a tree; they never crash or hang', () =>
    withStore(async (store) => {
      const property = fc.asyncProperty(mutation, async ({ seed, flips, cut, tail }) => {
        const bytes = Buffer.from(SEEDS[seed] as Uint8Array)
        for (const [place, mask] of flips) {
          const at = Math.floor(place * bytes.length)
          bytes[at] = (bytes[at] as number) ^ mask
        }
        const kept = bytes.subarray(0, cut === null ? bytes.length : Math.floor(cut * bytes.length))
        try {
          await unpackBytes(store, 'fuzz', Buffer.concat([kept, tail]))
        } catch (error) {
          assert.ok(error instanceof MrrlError && error.code.startsWith('E_ARCHIVE'), String(error))
        }
      })
      await check(property, 600)
    }))
})
