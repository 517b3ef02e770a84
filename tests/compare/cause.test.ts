import * as assert from 'uvu/assert'
import { causeOf } from '../../src/compare/cause.ts'
import { RULES } from '../../src/compare/cause-rules.ts'
import { evidenceOf } from '../../src/compare/evidence.ts'
import type { CauseName, Clues, Difference, ElfPlace, Where } from '../../src/model/difference.ts'
import { spec } from '../support/spec.ts'

const TEXT: Where = { kind: 'text', line: 1, lineAfter: 1, hunk: [] }
const BYTES: Where = { kind: 'bytes', offset: 0, count: 1, why: '' }

type Case = readonly [cause: CauseName, where: Where, before: string | null, after: string | null, clues?: Clues]

function elf(place: Partial<ElfPlace>): Where {
  return { kind: 'elf', section: '.rodata', symbol: 'x', offset: 0, field: 'content', isCode: false, ...place }
}

function order(of: string, before: 'bytes' | 'folded' | 'none', after: 'bytes' | 'folded' | 'none'): Where {
  return { kind: 'order', of, before, after }
}

const varied = (name: Clues[number]['name'], before = 'a', after = 'b'): Clues => [{ name, before, after }]

/** By what rules look at; each line is met by one of them and by none before it. */
const CASES: readonly Case[] = [
  // date: fields that are times
  ['date', { kind: 'metadata', field: 'mtime' }, '1 (1970-01-01 00:00:01)', '2 (1970-01-01 00:00:02)'],
  ['date', { kind: 'header', format: 'gzip', field: 'MTIME' }, '1700000000', '0'],
  ['date', { kind: 'header', format: 'ar', field: 'date' }, '0', '1700000000'],
  ['date', { kind: 'header', format: 'squashfs', field: 'mkfs time' }, '0', '1700000000'],
  ['date', { kind: 'header', format: 'tar', field: 'pax atime' }, '1.5', '2.5'],
  // date: texts
  ['date', TEXT, 'built Nov 21 2026 04:12:02', 'built Dec  3 2027 14:00:00'],
  ['date', elf({}), '"Nov 21 2026"', '"Dec  3 2027"'],
  ['date', elf({}), '"04:12:02"', '"16:12:03"'],
  ['date', TEXT, 'stamp=2026-11-21T04:12:02Z', 'stamp=2027-01-01T00:00:00+01:00'],
  ['date', TEXT, 'Date: Sat, 21 Nov 2026 04:12:02 +0000', 'Date: Mon, 3 Jan 2028 04:12:02 +0100'],
  ['date', TEXT, 'Sat Nov 21 04:12:02 UTC 2026', 'Sun Nov 22 05:12:02 JST 2026'],
  ['date', TEXT, '#define BUILD 20261121', '#define BUILD 20271201'],
  ['date', TEXT, 'epoch = 1700000000', 'epoch = 1734567890'],
  ['date', TEXT, 'ms = 1700000000123', 'ms = 1734567890456'],
  ['date', { kind: 'entry' }, 'file of 5 bytes', null],
  ['date', elf({}), '1700000000', '1734567890'],
  ['date', elf({ symbol: '' }), '80 85 74 67', '80 d7 83 69', varied('date', '1735689600', '1770248064')],
  ['date', elf({ symbol: '' }), '67 74 85 80', '69 83 d7 80', varied('date', '1735689600', '1770248064')],
  // user
  ['user', { kind: 'metadata', field: 'uid' }, '0', '1000'],
  ['user', { kind: 'header', format: 'tar', field: 'uname' }, 'root', 'builder'],
  ['user', TEXT, 'made by root@host', 'made by joe@host'],
  ['user', TEXT, 'BUILD_USER="root"', 'BUILD_USER="joe"', varied('user', 'root', 'joe')],
  ['user', TEXT, 'user: root', 'user: joe'],
  // umask
  ['umask', { kind: 'metadata', field: 'mode' }, '0755', '0700'],
  ['umask', { kind: 'header', format: 'ar', field: 'mode' }, '100644', '100600'],
  ['umask', TEXT, '0022', '0077'],
  ['umask', TEXT, 'umask is 22', 'umask is 77', varied('umask', '22', '77')],
  ['umask', TEXT, '-rw-r--r-- 1 f', '-rw------- 1 f'],
  ['umask', TEXT, 'mode 644', 'mode 600'],
  // order and locale
  ['order', order('lines', 'none', 'none'), 'b, a', 'a, b'],
  ['order', order('entries', 'none', 'bytes'), 'b, a', 'a, b'],
  ['order', order('members', 'none', 'none'), 'b, a', 'a, b'],
  ['order', order('symbols in .text', 'none', 'none'), 'b, a', 'a, b'],
  ['locale', order('lines', 'bytes', 'folded'), 'B, a', 'a, B'],
  ['locale', order('entries', 'folded', 'bytes'), 'a, B', 'B, a'],
  ['locale', TEXT, 'LANG=C.UTF-8', 'LANG=tr_TR.UTF-8'],
  // parallelism
  ['parallelism', order('members', 'none', 'none'), 'b, a', 'a, b', varied('parallelism', '1', '8')],
  ['parallelism', TEXT, 'MAKEFLAGS = -j1', 'MAKEFLAGS = -j16'],
  ['parallelism', TEXT, 'jobs: 1', 'jobs: 16'],
  // randomness
  ['randomness', TEXT, 'id = 7f3a9c1e55d04b22', 'id = 0be1477dca96f318'],
  ['randomness', TEXT, 'id = 123e4567-e89b-42d3-a456-426614174000', 'id = 9c858901-8a57-4791-81fe-4c455b099bc9'],
  ['randomness', TEXT, 'file /tmp/tmp.Q7xk2LmPzA', 'file /tmp/tmp.b0TzEw91Xc'],
  ['randomness', elf({ section: '', symbol: '' }), '"ccAb12Xy.o"', '"ccQz98Lm.o"'],
  ['randomness', TEXT, 'seed 18412', 'seed 302'],
  // kernel
  ['kernel', TEXT, 'Linux 6.8.0-45-generic x86_64', 'Linux 2.6.40-45-generic x86_64'],
  ['kernel', TEXT, 'kernel=6.8.0', 'kernel=2.6.68', varied('kernel', '6.8.0', '2.6.68')],
  // cpu
  ['cpu', elf({ section: '.note.gnu.property', field: 'x86 ISA needed' }), '0x1', '0x7'],
  ['cpu', elf({ section: '', symbol: '', field: 'flags' }), '0x0', '0x5'],
  ['cpu', elf({ section: '.text', isCode: true }), '66 0f 6f 04 07 66', 'c5 fd 6f 04 07 c5'],
  ['cpu', elf({ section: '.text', isCode: true, field: 'size' }), '40', '48'],
  ['cpu', TEXT, 'CFLAGS = -O2 -march=x86-64', 'CFLAGS = -O2 -march=skylake'],
  ['cpu', TEXT, 'processors: 2', 'processors: 16'],
  // host name
  ['host name', TEXT, 'Built on host alpha', 'Built on host beta'],
  ['host name', TEXT, 'joe@alpha', 'joe@beta'],
  ['host name', TEXT, 'x alpha y', 'x beta y', varied('host name', 'alpha', 'beta')],
  // path
  ['path', elf({}), '"/build/one/x.c"', '"/build/other/x.c"'],
  ['path', TEXT, 'prefix=/home/a/out', 'prefix=/srv/b/out'],
  ['path', elf({ section: '.note.gnu.build-id', field: 'build-id' }), 'aa', 'bb'],
  ['path', BYTES, '"x-one-y"', '"x-two-y"', varied('path', 'one', 'two')],
  // nothing
  ['unknown', TEXT, 'one', 'two'],
  ['unknown', elf({}), '100', '101'],
  ['unknown', elf({ section: '.text', isCode: true }), '64', '65'],
  ['host name', TEXT, 'one', 'two', varied('host name', 'alpha', 'beta')],
]

function difference([, where, before, after]: Case, path = 'file'): Omit<Difference, 'cause'> {
  return { path, where, before, after, follows: false }
}

spec('cause of a difference', (test) => {
  for (const one of CASES) {
    const [name, where, before, after, clues = []] = one
    test(`${name}: ${where.kind} ${before} → ${after}${clues.length > 0 ? ' with clues' : ''}`, () => {
      const path = where.kind === 'entry' ? 'log/build-20261121.txt' : 'file'
      const found = causeOf(difference(one, path), clues)
      assert.is(found.name, name, found.because)
      assert.ok(found.advice.length > 0)
      assert.is(found.because === '', name === 'unknown')
    })
  }

  test('is a consequence where the difference says so', () => {
    const one: Case = ['consequence', TEXT, 'Nov 21 2026', 'Nov 22 2026']
    assert.is(causeOf({ ...difference(one), follows: true }, varied('date')).name, 'consequence')
  })

  test('is a race where a member is in an archive twice', () => {
    const one: Case = ['parallelism', { kind: 'entry' }, null, 'member of 5 bytes']
    assert.is(causeOf(difference(one, 'lib.a!x.o#2'), []).name, 'parallelism')
  })

  test('is a clue rather than what it looks like', () => {
    const one: Case = ['user', TEXT, '/home/alice/x', '/home/bob/x']
    assert.is(causeOf(difference(one), varied('user', 'alice', 'bob')).name, 'user')
    assert.is(causeOf(difference(one), varied('path', '/home/alice', '/home/bob')).name, 'path')
    assert.is(causeOf(difference(one), varied('host name', 'alpha', 'beta')).name, 'path')
  })

  test('does not take what both sides have for a clue', () => {
    const one: Case = ['unknown', TEXT, 'alpha one', 'alpha two']
    const clues = [...varied('host name', 'alpha', 'beta'), ...varied('user', 'joe', 'jim')]
    assert.is(causeOf(difference(one), clues).name, 'unknown')
  })

  test('has a case here for each rule', () => {
    const met = new Set<number>()
    const all = [
      ...CASES.map((one) => [difference(one, one[1].kind === 'entry' ? 'x-2026-01-01' : 'x'), one[4] ?? []] as const),
    ]
    for (const [one, clues] of all) {
      const evidence = evidenceOf(one, clues)
      for (const [index, { because }] of RULES.entries()) if (because(evidence) !== undefined) met.add(index)
    }
    // The first is for consequences.
    assert.equal(
      RULES.map((_, index) => index).filter((index) => index > 0 && !met.has(index)),
      [],
    )
  })
})
