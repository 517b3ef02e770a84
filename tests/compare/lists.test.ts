import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isReordered, listChanges, sortingOf } from '../../src/compare/lists.ts'
import { check } from '../support/property.ts'
import { spec } from '../support/spec.ts'

/** Items in common, by the textbook's table. */
function common(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const item of a) {
    const next = [0]
    for (const [at, other] of b.entries()) {
      next.push(item === other ? (row[at] as number) + 1 : Math.max(row[at + 1] as number, next[at] as number))
    }
    row = next
  }
  return row[b.length] as number
}

spec('changes of lists', (test) => {
  test('are an edit from one to the other, and a shortest one', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })
    return check(
      fc.property(list, list, (a, b) => {
        const changes = listChanges(a, b)
        const rebuilt: string[] = []
        let at = 0
        let edits = 0
        for (const { before, beforeEnd, after, afterEnd } of changes) {
          rebuilt.push(...a.slice(at, before), ...b.slice(after, afterEnd))
          assert.is(after, rebuilt.length - (afterEnd - after))
          at = beforeEnd
          edits += beforeEnd - before + afterEnd - after
        }
        assert.equal([...rebuilt, ...a.slice(at)], b)
        assert.is(edits, a.length + b.length - 2 * common(a, b))
      }),
      2000,
    )
  })

  test('are found soon in lists that have nothing in common', () => {
    const many = (prefix: string): string[] => Array.from({ length: 200_000 }, (_, at) => `${prefix}${at}`)
    assert.equal(listChanges(['same', ...many('a')], ['same', ...many('b'), 'end']), [
      { before: 1, beforeEnd: 200_001, after: 1, afterEnd: 200_002 },
    ])
  })

  test('are told from another order', () => {
    assert.ok(isReordered(['a', 'b', 'a'], ['a', 'a', 'b']))
    assert.not.ok(isReordered(['a', 'b', 'a'], ['a', 'b', 'b']))
  })

  test('what a list is sorted by', () => {
    assert.is(sortingOf(['B', 'a', 'b']), 'bytes')
    assert.is(sortingOf(['a', 'B', 'c']), 'folded')
    assert.is(sortingOf(['a-b', '_b', 'ac']), 'none')
    assert.is(sortingOf(['ab', '.ac', 'ad']), 'folded')
    assert.is(sortingOf(['c', 'b', 'a']), 'reverse')
    assert.is(sortingOf(['c', 'a', 'b']), 'none')
  })
})
