import * as assert from 'uvu/assert'
import { filtersWorthTrying } from '../../src/squashfs/branch-filters.ts'
import { armCalls, noise } from '../support/bytes.ts'
import { spec } from '../support/spec.ts'

const SIZE = 2 ** 17

/** x86 code with a call every 32 bytes, to one of eight functions or always as far ahead. */
function x86Calls(isAbsolute: boolean): Buffer {
  const out = Buffer.alloc(SIZE, 0x90)
  for (let at = 0; at + 5 <= SIZE; at += 32) {
    const target = isAbsolute ? (at % 7) * 4096 : at + 1000
    out[at] = 0xe8
    out.writeInt32LE(target - at - 5, at + 1)
  }
  return out
}

spec('squashfs branch filters', (test) => {
  test('code that calls the same functions from many places needs the filter', () => {
    assert.equal(filtersWorthTrying('x86', x86Calls(true)), ['x86'])
    assert.equal(filtersWorthTrying('arm64', armCalls(SIZE)), ['arm64'])
  })

  test('what repeats as it is needs none', () => {
    assert.equal(filtersWorthTrying('x86', x86Calls(false)), ['none'])
    assert.equal(filtersWorthTrying('x86', Buffer.from('text without any branch')), ['none'])
    assert.equal(filtersWorthTrying('x86', new Uint8Array(0)), ['none'])
  })

  test('where little speaks for either, both are tried', () => {
    const little = Buffer.concat([x86Calls(true).subarray(0, 2000), Buffer.alloc(SIZE)])
    assert.equal(filtersWorthTrying('x86', little), ['none', 'x86'])
  })

  test('bytes of any kind, cut anywhere', () => {
    for (let seed = 1; seed < 200; seed += 2) {
      for (const filter of ['x86', 'arm64'] as const) {
        assert.ok(filtersWorthTrying(filter, noise(seed, seed)).length > 0)
        assert.ok(filtersWorthTrying(filter, x86Calls(true).subarray(seed, 2 * seed)).length > 0)
      }
    }
  })
})
