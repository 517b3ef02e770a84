import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { LOCK_VERSION, type Lock } from '../../src/model/lock.ts'
import { formatLock, parseLock, readLock } from '../../src/recipes/lock-file.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { ROOT } from '../support/mrrl.ts'
import { check } from '../support/property.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

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

const DIGEST = `${'0'.repeat(64)}/1`

const LOCK: Lock = {
  version: LOCK_VERSION,
  format: 1,
  profile: 'tiny',
  profileDigest: DIGEST,
  epoch: 1_735_689_600,
  seeds: { 'gcc/x86_64-linux-gnu': SOURCE },
  packages: {
    zlib: {
      version: '1.3.1',
      pinnedFrom: '1.3',
      license: 'Zlib',
      recipe: DIGEST,
      step: DIGEST,
      needs: ['busybox'],
      sources: [SOURCE],
      vouchers: [{ kind: 'openpgp', by: '5ED46A6721D365587791E2AA783FCD8E58BCAFBA', file: 'x.tar' }],
      output: '',
    },
    busybox: {
      version: '1.37.0',
      pinnedFrom: '',
      license: 'GPL-2.0-only',
      recipe: DIGEST,
      step: DIGEST,
      needs: [],
      sources: [],
      vouchers: [],
      output: DIGEST,
    },
  },
  images: { 'rootfs.tar.xz': { digest: DIGEST } },
}

/** The text of a lock in which one value is another, with the right checksum. */
function forged(change: (lock: Forgery) => void): string {
  const forgery: Forgery = JSON.parse(formatLock(LOCK))
  delete forgery.checksum
  change(forgery)
  const body = JSON.stringify(forgery, undefined, 2)
  const checksum = createHash('sha256').update(body).digest('hex')
  return `${body.slice(0, -2)},\n  "checksum": "sha256:${checksum}"\n}\n`
}

// biome-ignore lint/suspicious/noExplicitAny: what is forged has no type
type Forgery = any

/** What nobody but an attacker would write, and the field that the error must name. */
const FORGED: readonly (readonly [string, (lock: Forgery) => void])[] = [
  ['version', (lock) => Object.assign(lock, { version: '2' })],
  ['version', (lock) => Object.assign(lock, { version: 2.5 })],
  ['format', (lock) => Object.assign(lock, { format: 1e300 })],
  ['format', (lock) => Object.assign(lock, { format: null })],
  ['profile', (lock) => Object.assign(lock, { profile: '../tiny' })],
  ['profile', (lock) => Object.assign(lock, { profile: 'a/b' })],
  ['profile', (lock) => Object.assign(lock, { profile: ['tiny'] })],
  ['profileDigest', (lock) => Object.assign(lock, { profileDigest: `${'0'.repeat(64)}/9007199254740993` })],
  ['profileDigest', (lock) => Object.assign(lock, { profileDigest: `${'0'.repeat(63)}/1` })],
  ['epoch', (lock) => Object.assign(lock, { epoch: 2 ** 32 })],
  ['epoch', (lock) => Object.assign(lock, { epoch: -1 })],
  ['seeds', (lock) => Object.assign(lock, { seeds: [] })],
  ['seeds', (lock) => Object.assign(lock, { seeds: { '../x/y-z': SOURCE } })],
  ['seeds', (lock) => Object.assign(lock, { seeds: JSON.parse('{"__proto__": {"size": 1}}') })],
  ['packages', (lock) => Object.assign(lock, { packages: 7 })],
  ['packages', (lock) => Object.assign(lock, { packages: JSON.parse('{"__proto__": {"version": "1"}}') })],
  ['packages', (lock) => Object.assign(lock.packages, { '../../etc/passwd': lock.packages.zlib })],
  ['packages', (lock) => Object.assign(lock.packages, { 'a/b': lock.packages.zlib })],
  ['packages', (lock) => Object.assign(lock.packages, { '': lock.packages.zlib })],
  ['packages.zlib', (lock) => Object.assign(lock.packages, { zlib: 7 })],
  ['packages.zlib.version', (lock) => Object.assign(lock.packages.zlib, { version: '../1' })],
  ['packages.zlib.version', (lock) => Object.assign(lock.packages.zlib, { version: '1\u001b[31m' })],
  ['packages.zlib.pinnedFrom', (lock) => Object.assign(lock.packages.zlib, { pinnedFrom: '1.3.1' })],
  ['packages.zlib.pinnedFrom', (lock) => Object.assign(lock.packages.zlib, { pinnedFrom: '/' })],
  ['packages.zlib.license', (lock) => Object.assign(lock.packages.zlib, { license: 'Zlib\nGPL' })],
  ['packages.zlib.recipe', (lock) => Object.assign(lock.packages.zlib, { recipe: '' })],
  ['packages.zlib.step', (lock) => delete lock.packages.zlib.step],
  ['packages.zlib.needs', (lock) => Object.assign(lock.packages.zlib, { needs: ['nothing'] })],
  ['packages.zlib.needs', (lock) => Object.assign(lock.packages.zlib, { needs: ['zlib', 'busybox'] })],
  ['packages.zlib.needs', (lock) => Object.assign(lock.packages.zlib, { needs: ['busybox', 'busybox'] })],
  ['packages.zlib.needs[0]', (lock) => Object.assign(lock.packages.zlib, { needs: ['__proto__'] })],
  ['packages.zlib.needs', (lock) => Object.assign(lock.packages.zlib, { needs: 'busybox' })],
  ['packages.zlib.sources', (lock) => Object.assign(lock.packages.zlib, { sources: [SOURCE, SOURCE] })],
  ['packages.zlib.sources[0].at', (lock) => Object.assign(lock.packages.zlib.sources[0], { at: '../x' })],
  ['packages.zlib.sources[0].at', (lock) => Object.assign(lock.packages.zlib.sources[0], { at: '/x' })],
  ['packages.zlib.sources[0].from', (lock) => Object.assign(lock.packages.zlib.sources[0], { from: [] })],
  ['packages.zlib.sources[0].from[0]', (lock) => Object.assign(lock.packages.zlib.sources[0], { from: ['ftp://x/y'] })],
  [
    'packages.zlib.sources[0].from[0]',
    (lock) => Object.assign(lock.packages.zlib.sources[0], { from: ['http://x/y'] }),
  ],
  ['packages.zlib.sources[0].size', (lock) => Object.assign(lock.packages.zlib.sources[0], { size: 2 ** 53 })],
  ['packages.zlib.sources[0].strip', (lock) => Object.assign(lock.packages.zlib.sources[0], { strip: 1e9 })],
  ['packages.zlib.sources[0].inner[0]', (lock) => Object.assign(lock.packages.zlib.sources[0], { inner: ['../a'] })],
  [
    'packages.zlib.sources[0].integrity',
    (lock) => Object.assign(lock.packages.zlib.sources[0], { integrity: 'sha1-x' }),
  ],
  ['packages.zlib.sources[0].md5', (lock) => Object.assign(lock.packages.zlib.sources[0], { md5: '' })],
  ['packages.zlib.vouchers[0].kind', (lock) => Object.assign(lock.packages.zlib.vouchers[0], { kind: 'me' })],
  ['packages.zlib.vouchers[0].by', (lock) => Object.assign(lock.packages.zlib.vouchers[0], { by: '\u001b]0;x' })],
  ['packages.zlib.vouchers[0].file', (lock) => Object.assign(lock.packages.zlib.vouchers[0], { file: '../x' })],
  ['packages.zlib.output', (lock) => Object.assign(lock.packages.zlib, { output: 'none' })],
  ['packages.zlib.outputs', (lock) => Object.assign(lock.packages.zlib, { outputs: '' })],
  ['images', (lock) => Object.assign(lock.images, { '../rootfs.tar': { digest: DIGEST } })],
  ['images', (lock) => Object.assign(lock.images, { 'rootfs.zip': { digest: DIGEST } })],
  ['images.rootfs.tar.xz.digest', (lock) => Object.assign(lock.images['rootfs.tar.xz'], { digest: 'sha256:0' })],
  ['constructor', (lock) => Object.assign(lock, { constructor: {} })],
  ['signed', (lock) => Object.assign(lock, { signed: true })],
]

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

  test('are refused with any byte changed in any way', () => {
    const bytes = Buffer.from(formatLock(LOCK))
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) refusesFlip(bytes, at, bit)
    }
  })

  test('of the project are refused with a byte changed anywhere', () => {
    for (const name of readdirSync(join(ROOT, 'locks'))) {
      const bytes = readFileSync(join(ROOT, 'locks', name))
      for (let at = 0; at < bytes.length; at += 97) refusesFlip(bytes, at, 1 << (at % 8))
    }
  })

  test('that are cut off are refused, wherever', async () => {
    const text = formatLock(LOCK)
    for (let at = 0; at < text.length; at++) await rejects('E_LOCK_INVALID', () => parseLock(text.slice(0, at), 'x'))
  })

  test('that were forged with a right checksum are refused by field', async () => {
    assert.equal(
      parseLock(
        forged(() => undefined),
        'x',
      ),
      LOCK,
    )
    for (const [field, change] of FORGED) {
      const error = await rejects('E_LOCK_INVALID', () => parseLock(forged(change), 'locks/tiny.lock.json'))
      assert.is(error.fields.field, field, error.message)
      assert.is(error.fields.file, 'locks/tiny.lock.json')
    }
    assert.is(({} as Record<string, unknown>).size, undefined)
  })

  test('with a name twice, or written in another way, are refused', async () => {
    const text = formatLock(LOCK)
    const others = [
      text.replace('"epoch"', '"epoch": 1,\n  "epoch"'),
      text.replace('"epoch"', '"\\u0065poch"'),
      text.replace('1735689600', '1.7356896e9'),
      text.replaceAll('\n', '\r\n'),
      `\ufeff${text}`,
      text.trimEnd(),
      `${text}\n`,
      JSON.stringify(JSON.parse(text)),
    ]
    for (const other of others) await rejects('E_LOCK_INVALID', () => parseLock(other, 'x'))
  })

  test('of another kind or without content are refused', async () => {
    for (const text of ['', '{}', 'null', '[]', '7', '"x"', 'true', '['.repeat(100_000), '{"version":1e999}']) {
      const error = await rejects('E_LOCK_INVALID', () => parseLock(text, 'locks/tiny.lock.json'))
      assert.is(error.fields.file, 'locks/tiny.lock.json')
    }
  })

  test('of another layout are refused, with what to do', async () => {
    const old = await rejects('E_LOCK_VERSION', () => parseLock('{"version":1}', 'locks/tiny.lock.json'))
    assert.match(old.hint, /mrrl lock/)
    const newer = await rejects('E_LOCK_VERSION', () => parseLock(formatLock({ ...LOCK, version: 99 }), 'x'))
    assert.match(newer.hint, /newer mrrl/)
  })

  test('of another profile are refused', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'other.lock.json'), formatLock(LOCK))
      const error = await rejects('E_LOCK_INVALID', () => readLock(join(folder, 'other.lock.json'), 'other'))
      assert.is(error.fields.field, 'profile')
    }))

  test('with the marks of a merge are refused', async () => {
    const merged = formatLock(LOCK).replace('"epoch"', '<<<<<<< ours\n  "epoch"')
    await rejects('E_LOCK_INVALID', () => parseLock(merged, 'x'))
  })

  test('that are missing say how to write them', async () => {
    const error = await rejects('E_LOCK_MISSING', () => readLock('/nowhere/tiny.lock.json', 'tiny'))
    assert.match(error.hint, /mrrl lock tiny/)
  })
})

function refusesFlip(bytes: Buffer, at: number, bit: number): void {
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(at) ^ bit, at)
  try {
    parseLock(changed.toString(), 'locks/tiny.lock.json')
  } catch (error) {
    if (error instanceof MrrlError && /^E_LOCK_(INVALID|VERSION)$/.test(error.code)) return
    throw error
  }
  throw new Error(`byte ${at} may change by ${bit}`)
}
