import * as assert from 'uvu/assert'
import {
  formatBytes,
  formatDuration,
  formatElapsed,
  formatEstimate,
  formatTable,
  groupDigits,
  toOneLine,
  truncate,
} from '../../src/cli/format.ts'
import { errorDocument, errorLines, toMrrlError } from '../../src/cli/show-error.ts'
import { PLAIN } from '../../src/cli/style.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { spec } from '../support/spec.ts'

spec('numbers for people', (test) => {
  test('have their digits in groups', () => {
    assert.equal([0, 999, 1000, 3241884, 1234567890].map(groupDigits), [
      '0',
      '999',
      '1 000',
      '3 241 884',
      '1 234 567 890',
    ])
  })

  test('of bytes have a unit', () => {
    assert.equal([0, 999, 1000, 9949, 9950, 214_000_000, 999_600_000, 5e15].map(formatBytes), [
      '0 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '214 MB',
      '1.0 GB',
      '5000 TB',
    ])
  })

  test('of time have at most two units', () => {
    assert.equal([0, 54, 999, 1000, 9949, 9950, 59_400, 59_600, 250_000, 3_599_600, 7_320_000].map(formatDuration), [
      '0.00s',
      '0.05s',
      '1.00s',
      '1.0s',
      '9.9s',
      '10s',
      '59s',
      '1m00s',
      '4m10s',
      '1h00m',
      '2h02m',
    ])
  })

  test('of time that still grows are whole seconds', () => {
    assert.equal([0, 999, 9999, 10_999, 61_500].map(formatElapsed), ['0s', '0s', '9s', '10s', '1m01s'])
  })

  test('of time that is only expected are rounded', () => {
    assert.equal([0, 400, 5400, 61_000, 254_000, 400_000, 4_800_000].map(formatEstimate), [
      '1s',
      '1s',
      '5s',
      '1m00s',
      '4m10s',
      '7m',
      '1h20m',
    ])
  })
})

spec('text for a terminal', (test) => {
  test('loses what moves the cursor, and what has an unknown width', () => {
    assert.is(toOneLine('\x1b[31mred\x1b[0m\ttab\r\x07 ‘é’ 漢 \x1b]0;title\x07'), "red tab 'é' ? ")
  })

  test('is cut to a width', () => {
    assert.equal(
      [0, 1, 4, 5, 6].map((width) => truncate('hello', width)),
      ['', '…', 'hel…', 'hello', 'hello'],
    )
  })

  test('lines up in tables, whatever its colours', () => {
    const rows = [
      ['a', '10 B', 'x'],
      ['\x1b[1mlong\x1b[22m', '9 B', ''],
    ]
    assert.equal(formatTable(rows, [1]), ['a     10 B  x', '\x1b[1mlong\x1b[22m   9 B'])
  })
})

spec('errors for people', (test) => {
  const error = new MrrlError('E_BUILD_FAILED', 'the build of gcc failed with status 2', {
    fields: {
      package: 'gcc',
      size: 2481002,
      isSealed: true,
      notStarted: ['glibc', 'busybox'],
      changes: ['recipe gcc changed', 'package m4 is new'],
      lastLines: ['make: *** [all] Error 1', ''],
    },
  })

  test('have their facts below each other, the log, and what to do', () => {
    assert.equal(errorLines(error, { profile: 'x86_64' }, PLAIN), [
      'E_BUILD_FAILED  the build of gcc failed with status 2',
      '  package      gcc',
      '  size         2 481 002',
      '  is sealed    yes',
      '  not started  glibc, busybox',
      '  changes      recipe gcc changed',
      '               package m4 is new',
      '  | make: *** [all] Error 1',
      '  | ',
      '  Enter the step as it was with: mrrl shell x86_64 gcc',
    ])
  })

  test('are complete as JSON', () => {
    assert.equal(errorDocument(error, { profile: 'x86_64' }), {
      error: {
        code: 'E_BUILD_FAILED',
        message: error.message,
        fields: error.fields,
        hint: 'Enter the step as it was with: mrrl shell x86_64 gcc',
        exit: 6,
      },
    })
  })

  test('that nobody foresaw come with their stack', () => {
    const lines = errorLines(toMrrlError(new TypeError('x is not a function')), {}, PLAIN)
    assert.is(lines[0], 'E_INTERNAL  x is not a function')
    assert.match(lines.join('\n'), /fault in mrrl.*\n +at .*format\.test\.ts/s)
    assert.is(toMrrlError('text').message, 'text')
  })
})
