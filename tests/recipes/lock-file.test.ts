import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { LOCK_VERSION, type Lock } from '../../src/model/lock.ts'
import { formatLock, parseLock, readLock } from '../../src/recipes/lock-file.ts'
import { check } from '../support/property.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const SOURCE = {
  at: '',
  integrity: `sha256-${'A'.repeat(43)}=`,
  size: 1000,
  from: ['https://example.org/x.tar'],
  inner: [],
  strip: 1,
  include: [],
  exclude: [],
}

const LOCK: Lock = {
  version: LOCK_VERSION,
  format: 1,
  profile: 'tiny',
  profileDigest: `${'0'.repeat(64)}/1`,
  epoch: 1_735_689_600,
  seeds: { seed: SOURCE },
  packages: {
    zlib: { version: '1.3', license: 'Zlib', recipe: 'r1', sources: [SOURCE], output: '' },
    busybox: { version: '1.37.0', license: 'GPL-2.0-only', recipe: 'r2', sources: [], output: 'o' },
  },
  images: { 'rootfs.tar.xz': { digest: 'd' } },
}

spec('locks', (test) => {
  test('come back as they were written', () => {
    assert.equal(parseLock(formatLock(LOCK), 'tiny'), LOCK)
  })

  test('have one text, in whatever order their names come', () => {
    const { zlib, busybox } = LOCK.packages as Record<'zlib' | 'busybox', Lock['packages'][string]>
    assert.is(formatLock({ ...LOCK, packages: { busybox, zlib } }), formatLock(LOCK))
  })

  test('that were changed by hand are refused, whatever byte it was', async () => {
    const text = formatLock(LOCK)
    await check(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(' ', '0', 'x', '"', ''), (at, replacement) => {
        const changed = text.slice(0, at) + replacement + text.slice(at + 1)
        if (changed === text) return
        assert.throws(() => parseLock(changed, 'locks/tiny.lock.json'), /locks\/tiny\.lock\.json/)
      }),
      300,
    )
  })

  test('of another version, of another kind or without content are refused', async () => {
    for (const text of ['', '{}', 'null', '[]', '7', formatLock({ ...LOCK, version: 99 }), '{"version":1}']) {
      const error = await rejects('E_LOCK_INVALID', () => parseLock(text, 'locks/tiny.lock.json'))
      assert.is(error.fields.file, 'locks/tiny.lock.json')
    }
  })

  test('with the marks of a merge are refused', async () => {
    const merged = formatLock(LOCK).replace('"epoch"', '<<<<<<< ours\n  "epoch"')
    await rejects('E_LOCK_INVALID', () => parseLock(merged, 'x'))
  })

  test('that are missing say how to write them', async () => {
    const error = await rejects('E_LOCK_MISSING', () => readLock('/nowhere/tiny.lock.json', 'tiny'))
    assert.match(error.hint, /mrrl lock tiny/)
  })
})
