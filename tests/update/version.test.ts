import * as assert from 'uvu/assert'
import { compareVersions, newestOf, parseVersion, type Version } from '../../src/update/version.ts'
import { spec } from '../support/spec.ts'

const version = (text: string): Version => {
  const found = parseVersion(text)
  if (found === undefined) throw new Error(`not a version: ${text}`)
  return found
}

spec('versions', (test) => {
  test('are in the order of their age', () => {
    const order =
      '1.9 1.10-alpha1 1.10-alpha2 1.10-alpha10 1.10-rc1 1.10 1.10a 1.10.1 2.44 2.44.0.1 2.44.1 14.2.0 2024a 2024b'
    const texts = order.split(' ')
    const sorted = [...texts].reverse().sort((a, b) => compareVersions(version(a), version(b)))
    assert.equal(sorted, texts)
  })

  test('that differ by zeros only are equal', () => {
    assert.is(compareVersions(version('2.44'), version('2.44.0')), 0)
  })

  test('of npm are in the order of semver', () => {
    const texts = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0']
    const sorted = [...texts].reverse().sort((a, b) => compareVersions(version(a), version(b)))
    assert.equal(sorted, texts)
  })

  test('are nothing else', () => {
    for (const text of [
      '',
      'x',
      '1..2',
      '1.',
      'v1',
      '1.2/3',
      '../1',
      '1.2 ',
      '1'.repeat(10),
      `1.${'0.'.repeat(50)}1`,
      '1.2\n',
    ]) {
      assert.is(parseVersion(text), undefined, JSON.stringify(text))
    }
  })

  test('are chosen by range, pre-releases only when wanted', () => {
    const all = ['1.36.1', '1.37.0', '1.38.0-rc1', '2.0', 'latest', '1.35']
    assert.is(newestOf(all, '^1', false)?.text, '1.37.0')
    assert.is(newestOf(all, '^1', true)?.text, '1.38.0-rc1')
    assert.is(newestOf(all, '<1.36', false)?.text, '1.35')
    assert.is(newestOf(all, '*', false)?.text, '2.0')
    assert.is(newestOf(all, '^3', false), undefined)
  })
})
