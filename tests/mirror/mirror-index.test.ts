import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { formatIndex, mergeIndex, parseIndex } from '../../src/mirror/mirror-index.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { mirrorFile, threeFiles } from '../support/mirror-fixture.ts'
import { check } from '../support/property.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const sources = threeFiles().map(({ source }) => source)
const index = mergeIndex([], sources, ['test'], new Map())
const text = formatIndex(index)

/** The text with one field of the first file set to something else. */
function changed(field: string, value: unknown): string {
  const document = JSON.parse(text)
  document.files[0][field] = value
  return `${JSON.stringify(document, undefined, 2)}\n`
}

spec('the index of a mirror', (test) => {
  test('is read as it was written', () => {
    assert.equal(parseIndex(text), index)
  })

  test('takes the size of the file that is there, else the most that a lock allows', () => {
    const file = mirrorFile('one', 100)
    const loose = { ...file.source, size: 5000 }
    const of = (sizes: ReadonlyMap<typeof file.path, number>): number | undefined =>
      mergeIndex([], [loose], ['test'], sizes)[0]?.size
    assert.equal([of(new Map()), of(new Map([[file.path, 100]]))], [5000, 100])
  })

  test('refuses every path that is not a hash', async () => {
    const hex = '0'.repeat(64)
    for (const path of [
      '../x',
      '/etc/passwd',
      'sha256/../../x',
      `sha256/${hex}/..`,
      `sha256/${hex.toUpperCase().replace('0', 'A')}`,
      `sha256/${hex}\n`,
      `sha512/${hex}`,
      `md5/${hex}`,
      `./sha256/${hex}`,
      '',
      7,
      null,
      ['sha256'],
    ]) {
      await rejects('E_MIRROR', () => parseIndex(changed('path', path)))
    }
  })

  test('refuses fields of the wrong kind, files twice or out of order, and other versions', async () => {
    for (const [field, value] of [
      ['size', -1],
      ['size', 1.5],
      ['size', '1'],
      ['names', 'x'],
      ['names', [1]],
      ['from', null],
      ['neededBy', [{}]],
      ['neededBy', 1],
      ['more', 1],
    ] as const) {
      await rejects('E_MIRROR', () => parseIndex(changed(field, value)))
    }
    await rejects('E_MIRROR', () => parseIndex(formatIndex([...index].reverse())))
    await rejects('E_MIRROR', () => parseIndex(formatIndex([...index, ...index])))
    await rejects('E_MIRROR', () => parseIndex(text.replace('"version": 1', '"version": 2')))
  })

  test('refuses or reads as something else every text with one byte changed, and never fails in another way', () =>
    check(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, byte) => {
        const other = text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1)
        try {
          assert.is(formatIndex(parseIndex(other)), other)
        } catch (error) {
          if (!(error instanceof MrrlError) || error.code !== 'E_MIRROR') throw error
        }
      }),
      500,
    ))
})
