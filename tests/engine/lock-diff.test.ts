import * as assert from 'uvu/assert'
import { describeChanges } from '../../src/engine/lock-changes.ts'
import { diffLocks, isEmptyDiff } from '../../src/engine/lock-diff.ts'
import { rebuildsOf } from '../../src/engine/lock-rebuilds.ts'
import { LOCK_VERSION, type Lock, type LockedPackage } from '../../src/model/lock.ts'
import type { Source } from '../../src/model/recipe.ts'
import type { Voucher } from '../../src/model/update.ts'
import { spec } from '../support/spec.ts'

const digest = (digit: string, size = 1): string => `${digit.repeat(64)}/${size}`

function source(changes: Partial<Source> = {}): Source {
  const integrity = `sha256-${'A'.repeat(43)}=`
  const from = ['https://one.example/x-1.tar']
  return { at: '', from, integrity, size: 1000, inner: [], strip: 1, include: [], exclude: [], ...changes }
}

function locked(needs: readonly string[], changes: Partial<LockedPackage> = {}): LockedPackage {
  return {
    version: '1.0',
    pinnedFrom: '',
    license: 'MIT',
    recipe: digest('a'),
    step: digest('b'),
    needs,
    sources: [source()],
    vouchers: [],
    output: digest('c'),
    ...changes,
  }
}

/** `tool` ← `lib` ← `app` ← `suite`, and `apart` on its own. */
function lock(changes: Partial<Lock> = {}, packages: Readonly<Record<string, LockedPackage>> = {}): Lock {
  return {
    version: LOCK_VERSION,
    format: 2,
    profile: 'test',
    profileDigest: digest('d'),
    epoch: 0,
    seeds: { 'gcc/x86_64-linux-gnu': source() },
    packages: {
      app: locked(['lib', 'tool']),
      apart: locked([]),
      lib: locked(['tool']),
      suite: locked(['app']),
      tool: locked([]),
      ...packages,
    },
    images: { 'rootfs.tar': { digest: digest('e', 100) } },
    ...changes,
  }
}

const signed = (by: string): Voucher => ({ kind: 'openpgp', by, file: 'x-1.tar' })

spec('lock diff', (test) => {
  test('of a lock with itself is empty', () => {
    const diff = diffLocks(lock(), lock())
    assert.ok(isEmptyDiff(diff))
    assert.equal(diff.rebuilds, [])
    assert.equal(describeChanges(lock(), lock()), [])
  })

  test('shows versions, hosts, licences, sizes and signers', () => {
    const integrity = `sha256-${'B'.repeat(43)}=`
    const before = lock({}, { lib: locked(['tool'], { vouchers: [signed('AAAA')] }) })
    const after = lock(
      {},
      {
        lib: locked(['tool'], {
          version: '1.1',
          pinnedFrom: '1.0',
          license: 'GPL-2.0-only',
          recipe: digest('1'),
          sources: [source({ from: ['https://two.example/x-1.1.tar', 'debian:pool/x'], integrity, size: 1500 })],
          vouchers: [signed('BBBB'), { kind: 'checksum', by: 'https://two.example/SUMS', file: 'x-1.1.tar' }],
        }),
      },
    )
    assert.equal(diffLocks(before, after).packages, [
      {
        name: 'lib',
        kind: 'changed',
        version: { before: '1.0', after: '1.1' },
        pinnedFrom: { before: '', after: '1.0' },
        license: { before: 'MIT', after: 'GPL-2.0-only' },
        size: { before: 1000, after: 1500 },
        hosts: { added: ['debian', 'two.example'], dropped: ['one.example'] },
        signers: { added: ['BBBB'], dropped: ['AAAA'] },
        vouchers: {
          added: ['checksum https://two.example/SUMS', 'openpgp BBBB'],
          dropped: ['openpgp AAAA'],
        },
        rerolled: [],
        recipe: true,
      },
    ])
  })

  test('names a file that has other bytes under the same name', () => {
    const other = source({ integrity: `sha256-${'B'.repeat(43)}=` })
    const [difference] = diffLocks(lock(), lock({}, { lib: locked(['tool'], { sources: [other] }) })).packages
    assert.equal(difference?.rerolled, ['https://one.example/x-1.tar'])
  })

  test('shows new and gone packages, and changed seeds and settings', () => {
    const { apart: _apart, ...others } = lock().packages
    const seeds = { 'gcc/x86_64-linux-gnu': source({ from: ['npm:seed@2.0.0'] }) }
    const packages = { ...others, constructor: locked([]) }
    const diff = diffLocks(lock(), lock({ seeds, packages, epoch: 7, format: 3, profileDigest: digest('f') }))
    assert.equal(
      diff.packages.map(({ name, kind }) => [name, kind]),
      [
        ['apart', 'gone'],
        ['constructor', 'new'],
      ],
    )
    assert.equal(diff.seeds[0]?.hosts, { added: ['npm'], dropped: ['one.example'] })
    assert.equal(diff.settings, ['image format 2 → 3', 'epoch 0 → 7', 'the profile or its toolchain changed'])
  })

  test('without a lock before, everything is new', () => {
    const diff = diffLocks(undefined, lock())
    assert.ok(diff.packages.every(({ kind }) => kind === 'new'))
    assert.is(diff.seeds[0]?.kind, 'new')
    assert.equal(new Set(diff.rebuilds.map(({ reason }) => reason)), new Set(['new']))
    assert.equal(diff.images, [
      { name: 'rootfs.tar', before: '', after: digest('e', 100), size: { before: 0, after: 100 } },
    ])
  })

  test('shows outputs and images with other bits', () => {
    const images = { 'rootfs.tar': { digest: digest('0', 90) } }
    const diff = diffLocks(lock(), lock({ images }, { apart: locked([], { output: '' }) }))
    assert.equal(diff.outputs, [{ name: 'apart', before: digest('c'), after: '' }])
    assert.equal(diff.images[0]?.size, { before: 100, after: 90 })
  })
})

spec('rebuilds', (test) => {
  const unbuilt = (needs: readonly string[], changes: Partial<LockedPackage> = {}): LockedPackage =>
    locked(needs, { output: '', ...changes })

  test('reach all that needs a changed package, each by the shortest way', () => {
    const after = lock(
      {},
      {
        tool: unbuilt([], { version: '2.0' }),
        lib: unbuilt(['tool']),
        app: unbuilt(['lib', 'tool']),
        suite: unbuilt(['app']),
      },
    )
    assert.equal(
      rebuildsOf(lock(), after).map(({ name, reason, chain }) => [name, reason, chain]),
      [
        ['app', '1.0 → 2.0', ['tool']],
        ['lib', '1.0 → 2.0', ['tool']],
        ['suite', '1.0 → 2.0', ['app', 'tool']],
        ['tool', '1.0 → 2.0', []],
      ],
    )
  })

  test('end where a package came out with the same bits', () => {
    const after = lock({}, { tool: locked([], { step: digest('9') }) })
    assert.equal(rebuildsOf(lock(), after), [{ name: 'tool', reason: 'other options', chain: [], output: 'same' }])
    const changed = lock({}, { tool: locked([], { step: digest('9'), output: digest('8') }) })
    assert.equal(
      rebuildsOf(lock(), changed).map(({ name, output }) => [name, output]),
      [
        ['app', 'same'],
        ['lib', 'same'],
        ['tool', 'changed'],
      ],
    )
  })

  test('go on where a recipe may give others another part of the same bits', () => {
    const after = lock({}, { tool: locked([], { recipe: digest('9') }) })
    assert.equal(
      rebuildsOf(lock(), after).map(({ name, output }) => [name, output]),
      [
        ['app', 'same'],
        ['lib', 'same'],
        ['tool', 'same'],
      ],
    )
  })

  test('have a reason', () => {
    const reasons: readonly (readonly [string, Partial<LockedPackage>])[] = [
      ['other sources', { sources: [source({ exclude: ['doc/**'] })] }],
      ['its recipe changed', { recipe: digest('9') }],
      ['its recipe changed', { recipe: digest('9'), step: digest('9') }],
      ['other options', { step: digest('9') }],
      ['it is built with other packages', { needs: ['lib'] }],
    ]
    for (const [reason, changes] of reasons) {
      const [first] = rebuildsOf(lock(), lock({}, { apart: locked([], changes) }))
      assert.equal([first?.name, first?.reason], ['apart', reason])
    }
  })

  test('do not follow from where a source lies, or who vouches for it', () => {
    const elsewhere = locked([], { sources: [source({ from: ['debian:pool/y'] })], vouchers: [signed('AAAA')] })
    assert.equal(rebuildsOf(lock(), lock({}, { apart: elsewhere })), [])
  })

  test('are of everything with another seed', () => {
    const seeds = { 'gcc/x86_64-linux-gnu': source({ integrity: `sha256-${'B'.repeat(43)}=` }) }
    assert.is(rebuildsOf(lock(), lock({ seeds })).length, 5)
  })
})

spec('what makes a lock stale', (test) => {
  test('is told in words, and what concerns many packages once', () => {
    const step = digest('9')
    const after = lock({}, { app: locked(['lib', 'tool'], { step }), lib: locked(['tool'], { step }) })
    assert.equal(describeChanges(lock(), after), ['script or variables of app, lib changed'])
  })

  test('is also a record that is not the recipe’s, under a right digest of it', () => {
    const forged = lock({}, { apart: locked([], { sources: [source({ from: ['https://evil.example/x'] })] }) })
    assert.equal(describeChanges(forged, lock()), ['the record of apart is not that of its recipe'])
    const seeds = { 'gcc/x86_64-linux-gnu': source({ from: ['https://evil.example/x'] }) }
    assert.equal(describeChanges(lock({ seeds }), lock()), ['the seeds are not those of the toolchain'])
  })

  test('is not what came out', () => {
    assert.equal(describeChanges(lock({ images: {} }, { apart: locked([], { output: '' }) }), lock()), [])
  })
})
