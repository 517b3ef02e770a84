import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { globMatcher } from '../../src/util/glob.ts'
import { check } from '../support/property.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const CASES: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ['a', ['a'], ['b', 'aa', 'a/a']],
  ['*', ['a', '.a', 'é'], ['a/b', '']],
  ['a*', ['a', 'ab'], ['ba', 'a/b']],
  ['*a', ['a', 'ba'], ['ab']],
  ['a*b*c', ['abc', 'axbxc', 'abbc'], ['acb', 'ab/c']],
  ['?', ['a', 'é', '😀'], ['', 'ab', '/']],
  ['**', ['a', 'a/b'], ['']],
  ['bin/**', ['bin/a', 'bin/a/b'], ['bin', 'binx', 'a/bin']],
  ['**/x', ['x', 'a/x', 'a/b/x'], ['ax', 'x/a']],
  ['a/**/b', ['a/b', 'a/c/b', 'a/c/d/b'], ['ab', 'a/bb', 'a/c/bb']],
  ['**/a/**', ['a/x', 'x/a/y'], ['a', 'x/a', 'x/ab/y']],
  ['*.{c,h}', ['x.c', 'x.h'], ['x.d', 'x.{c,h}']],
  ['{a,b{c,d}}/x', ['a/x', 'bc/x', 'bd/x'], ['b/x']],
  ['x{,.gz}', ['x', 'x.gz'], ['x.']],
  ['usr/bin/[', ['usr/bin/['], ['usr/bin/x']],
  ['a+(b)^$.|', ['a+(b)^$.|'], ['aab']],
  ['lib/lib*.so*', ['lib/libc.so', 'lib/libc.so.6'], ['lib/x/libc.so']],
]

spec('globMatcher', (test) => {
  for (const [pattern, matching, other] of CASES) {
    test(`${pattern}`, () => {
      const matches = globMatcher([pattern])
      for (const path of matching) assert.ok(matches(path), `${pattern} must match ${path}`)
      for (const path of other) assert.not.ok(matches(path), `${pattern} must not match ${path}`)
    })
  }

  test('any of several patterns; none match nothing', () => {
    assert.ok(globMatcher(['a', 'b*'])('bc'))
    assert.not.ok(globMatcher([])('a'))
  })

  test('malformed patterns are refused', async () => {
    for (const pattern of ['', '/a', 'a/', 'a//b', './a', '../a', 'a/..', 'a**', '{a', 'a}', '{a,b}}', '{a,{b}']) {
      await rejects('E_RECIPE_INVALID', () => globMatcher([pattern]))
    }
    await rejects('E_RECIPE_INVALID', () => globMatcher(['{a,b}'.repeat(11)]))
  })

  test('stars do not make matching slow', () => {
    const started = performance.now()
    assert.not.ok(globMatcher([`${'*a'.repeat(30)}b`])('a'.repeat(250)))
    assert.not.ok(globMatcher([`${'**/a/'.repeat(20)}b`])('a/'.repeat(1000)))
    assert.ok(performance.now() - started < 2000)
  })

  test('agrees with a plain backtracking matcher', () => {
    const segment = fc
      .oneof(fc.constant('**'), fc.stringMatching(/^[ab*?]{1,4}$/))
      .map((text) => text.replace(/\*+/g, '*'))
    const patterns = fc.array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 5 })
    const paths = fc.array(fc.stringMatching(/^[ab]{1,4}$/), { minLength: 1, maxLength: 5 })
    return check(
      fc.property(patterns, paths, (pattern, path) => {
        assert.is(globMatcher([pattern.join('/')])(path.join('/')), matchesPath(pattern, path))
      }),
      5000,
    )
  })
})

function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return path.length === 0
  if (first === '**' && rest.length === 0) return path.length > 0
  if (first === '**')
    return Array.from({ length: path.length + 1 }, (_, n) => n).some((n) => matchesPath(rest, path.slice(n)))
  return path.length > 0 && matchesSegment(first, path[0] as string) && matchesPath(rest, path.slice(1))
}

function matchesSegment(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) {
    return Array.from({ length: text.length + 1 }, (_, n) => n).some((n) =>
      matchesSegment(pattern.slice(1), text.slice(n)),
    )
  }
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && matchesSegment(pattern.slice(1), text.slice(1))
  )
}
