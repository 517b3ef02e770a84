import * as assert from 'uvu/assert'
import { type Digest, makeDigest } from '../../src/model/digest.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { judgeImages, judgePackages } from '../../src/verify/judge.ts'
import { spec } from '../support/spec.ts'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => makeDigest(digit.repeat(64), 1)) as [Digest, Digest, Digest]

/** A plan as far as judging looks: names, and what each is built with. */
function planOf(needs: Readonly<Record<string, readonly string[]>>): Plan {
  const nodes = Object.entries(needs).map(([name, sysroot]) => {
    return [name, { recipe: { name, role: 'target' }, tools: [], cross: [], sysroot }]
  })
  return { nodes: new Map(nodes as []), seed: { name: 'crosstool-ng' } } as unknown as Plan
}

const CHAIN = planOf({ lib: [], tool: ['lib'], app: ['tool'], other: [] })
const ALL = new Set(CHAIN.nodes.keys())
const LOCKED = { lib: A, tool: A, app: A, other: A }

spec('judging', (test) => {
  test('everything as locked', () => {
    const verdicts = judgePackages(CHAIN, ALL, LOCKED, [LOCKED, LOCKED]).map(({ verdict }) => verdict)
    assert.equal(verdicts, ['same', 'same', 'same', 'same'])
  })

  test('what is built with something that differs follows from it, and so does what is built with that', () => {
    const found = judgePackages(CHAIN, ALL, LOCKED, [LOCKED, { lib: B, tool: B, app: B, other: A }])
    assert.equal(
      found.map(({ name, verdict, follows }) => [name, verdict, follows]),
      [
        ['lib', 'different', []],
        ['tool', 'follows', ['lib']],
        ['app', 'follows', ['tool']],
        ['other', 'same', []],
      ],
    )
  })

  test('what differs although all that it is built with is the same differs by itself', () => {
    const found = judgePackages(CHAIN, ALL, LOCKED, [{ ...LOCKED, app: B }, LOCKED])
    assert.is(found[2]?.verdict, 'different')
    assert.equal(found[2]?.rebuilt, [B, A])
  })

  test('without a lock one rebuild is compared with the other', () => {
    const none = { lib: '', tool: '', app: '', other: '' } as const
    const found = judgePackages(CHAIN, ALL, none, [LOCKED, { ...LOCKED, other: C }])
    assert.equal(
      found.map(({ verdict, expected }) => [verdict, expected]),
      [
        ['agrees', A],
        ['agrees', A],
        ['agrees', A],
        ['different', A],
      ],
    )
  })

  test('two rebuilds that agree with each other and not with the lock differ', () => {
    const both = { ...LOCKED, other: B }
    assert.is(judgePackages(CHAIN, ALL, LOCKED, [both, both])[3]?.verdict, 'different')
  })

  test('what was not built again is not judged', () => {
    assert.is(judgePackages(CHAIN, new Set(['app']), LOCKED, [LOCKED, LOCKED])[0]?.verdict, 'not rebuilt')
  })

  test('an image follows from the packages in it alone', () => {
    const packages = judgePackages(CHAIN, ALL, LOCKED, [LOCKED, { ...LOCKED, other: B }])
    const images = [{ 'rootfs.squashfs': A }, { 'rootfs.squashfs': B }]
    const judged = (contents: readonly string[]): string[] =>
      judgeImages(packages, contents, { 'rootfs.squashfs': A }, images).map(({ verdict }) => verdict)
    assert.equal(judged(['app', 'other']), ['follows'])
    assert.equal(judged(['app']), ['different'])
  })
})
