import * as assert from 'uvu/assert'
import { USUAL_SURROUNDINGS } from '../../src/model/surroundings.ts'
import { usualConditions } from '../../src/verify/conditions.ts'
import type { Machine } from '../../src/verify/machine.ts'
import { chooseVariations, cluesBetween, namedVariations, planRounds } from '../../src/verify/round-plan.ts'
import { VARIATIONS } from '../../src/verify/variations.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

/** A machine on which everything can be varied. */
const ABLE: Machine = {
  isRoot: true,
  processors: 2,
  memory: 8e9,
  sandboxes: ['unshare', 'bwrap'],
  namespaceRefusal: '',
  userRefusal: '',
  placeRefusal: '',
  cpuRefusal: '',
  aslrRefusal: '',
  kernelRefusal: '',
  fakeTime: '/lib/libfaketime.so.1',
}
const USUAL = usualConditions(2, 'auto')

spec('the plan of rounds', (test) => {
  test('two rounds hold both values of each variation', () => {
    const rounds = planRounds(VARIATIONS, ABLE, USUAL)
    assert.is(rounds.length, 2)
    for (const [index, { name, values }] of VARIATIONS.entries()) {
      const shown = rounds.map(({ varied }) => varied[index]?.value.shown)
      assert.equal(
        shown,
        values(ABLE).map((value) => value.shown),
        name,
      )
      assert.is.not(shown[0], shown[1], name)
    }
  })

  test('each variation changes something, in one of the rounds at least', () => {
    for (const { name, values } of VARIATIONS) {
      const changed = values(ABLE).filter(({ apply }) => JSON.stringify(apply(USUAL)) !== JSON.stringify(USUAL))
      assert.ok(changed.length > 0, name)
    }
  })

  test('one variation undoes nothing of another', () => {
    const [first, second] = planRounds(VARIATIONS, ABLE, USUAL).map(({ conditions }) => conditions)
    assert.is(first?.jobs, 1)
    assert.is(first?.surroundings.hostName, 'verify-first')
    assert.equal(Object.keys(first?.surroundings.env ?? {}).sort(), [
      'HOME',
      'LANG',
      'LANGUAGE',
      'LC_ALL',
      'LOGNAME',
      'TZ',
      'USER',
    ])
    assert.is(second?.sandbox, 'bwrap')
    assert.is(second?.surroundings.uid, 1234)
    assert.is(second?.isInMemory, true)
  })

  test('nothing varied is a usual build', () => {
    const [round] = planRounds([], ABLE, USUAL)
    assert.equal(round?.conditions, USUAL)
    assert.equal(round?.conditions.surroundings, USUAL_SURROUNDINGS)
  })

  test('what the machine cannot do is skipped with the reason, never silently', () => {
    const unable: Machine = {
      ...ABLE,
      sandboxes: ['unshare'],
      userRefusal: 'no other user',
      fakeTime: '',
      memory: 1e6,
      aslrRefusal: 'setarch: not permitted',
    }
    const { chosen, skipped } = chooseVariations(VARIATIONS, unable, 1e9)
    assert.is(chosen.length + skipped.length, VARIATIONS.length)
    const why = Object.fromEntries(skipped.map((one) => [one.variation, one.why]))
    assert.equal(why, {
      user: 'no other user',
      aslr: 'setarch: not permitted',
      sandbox: 'only unshare works here',
      clock: 'not installed: libfaketime',
      order: 'a store in memory needs 2000 MB free',
    })
  })

  test('what was not asked for is listed too', () => {
    const { chosen, skipped } = chooseVariations(namedVariations('jobs,umask'), ABLE, 0)
    assert.equal(
      chosen.map(({ name }) => name),
      ['umask', 'jobs'],
    )
    assert.ok(skipped.every(({ why }) => why === 'not asked for'))
  })

  test('an unknown variation is a mistake', async () => {
    const error = await rejects('E_USAGE', () => namedVariations('jobs,umas'))
    assert.match(error.hint, 'umask')
  })

  test('clues name what was varied, with its value on both sides', () => {
    const [first, second] = planRounds(namedVariations('host-name,cwd'), ABLE, USUAL)
    assert.ok(first !== undefined && second !== undefined)
    if (first === undefined || second === undefined) return
    assert.equal(cluesBetween(undefined, first), [{ name: 'host name', before: 'mrrl', after: 'verify-first' }])
    assert.equal(cluesBetween(first, second), [
      { name: 'host name', before: 'verify-first', after: 'verify-second.example' },
    ])
  })
})
