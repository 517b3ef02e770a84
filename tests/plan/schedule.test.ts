import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type ScheduleResult, schedule, type Task } from '../../src/plan/schedule.ts'
import { check } from '../support/property.ts'
import { spec } from '../support/spec.ts'

/** A graph without circles: each task may need those before it. */
const graphs = fc
  .array(fc.tuple(fc.nat(100), fc.array(fc.nat(20), { maxLength: 4 })), { minLength: 1, maxLength: 20 })
  .map((rows) =>
    rows.map(([weight, needs], index): Task => {
      const before = needs.filter((need) => need < index).map((need) => `t${need}`)
      return { name: `t${index}`, needs: [...new Set(before)], weight }
    }),
  )

/** Which tasks fail. */
const failures = fc.array(fc.nat(20), { maxLength: 3 }).map((all) => new Set(all.map((index) => `t${index}`)))

interface Run extends ScheduleResult {
  readonly started: readonly string[]
  /** Most that ran at once. */
  readonly peak: number
  /** For each task, those that had ended when it started. */
  readonly before: ReadonlyMap<string, ReadonlySet<string>>
}

async function run(
  tasks: readonly Task[],
  options: { limit?: number; keepGoing?: boolean; failing?: ReadonlySet<string>; stopAt?: string } = {},
): Promise<Run> {
  const controller = new AbortController()
  const started: string[] = []
  const before = new Map<string, ReadonlySet<string>>()
  const ended = new Set<string>()
  let running = 0
  let peak = 0
  const { limit = 3, keepGoing = false } = options
  const result = await schedule(tasks, { limit, keepGoing, signal: controller.signal }, async (name) => {
    started.push(name)
    before.set(name, new Set(ended))
    peak = Math.max(peak, ++running)
    if (options.stopAt === name) controller.abort()
    for (let turn = (tasks.find((task) => task.name === name)?.weight ?? 0) % 5; turn >= 0; turn--) await undefined
    running--
    if (options.failing?.has(name)) throw new Error(name)
    ended.add(name)
  })
  assert.is(running, 0)
  return { ...result, started, peak, before }
}

spec('the schedule', (test) => {
  test('runs everything once, each after all that it needs', () =>
    check(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 5 }), async (tasks, limit) => {
        const { done, failed, skipped, started, before, peak } = await run(tasks, { limit })
        assert.equal([...done].sort(), tasks.map(({ name }) => name).sort())
        assert.is(new Set(started).size, started.length)
        assert.equal([failed, skipped], [[], []])
        assert.ok(peak <= limit)
        for (const { name, needs } of tasks) for (const need of needs) assert.ok(before.get(name)?.has(need))
      }),
      200,
    ))

  test('starts nothing after a failure', () =>
    check(
      fc.asyncProperty(graphs, failures, async (tasks, failing) => {
        const { done, failed, skipped, started } = await run(tasks, { failing, limit: 1 })
        assert.is(done.length + failed.length + skipped.length, tasks.length)
        assert.ok(failed.length <= 1)
        const [first] = failed
        if (first !== undefined) assert.is(started.at(-1), first.name)
      }),
      200,
    ))

  test('goes on with all that does not need what failed, when told to keep going', () =>
    check(
      fc.asyncProperty(graphs, failures, async (tasks, failing) => {
        const { done, failed, skipped } = await run(tasks, { failing, keepGoing: true })
        const lost = new Set<string>()
        for (const { name, needs } of tasks) {
          if (failing.has(name) || needs.some((need) => lost.has(need))) lost.add(name)
        }
        const wanted = tasks.map(({ name }) => name).filter((name) => !lost.has(name))
        assert.equal([...done].sort(), wanted.sort())
        assert.equal([...failed.map(({ name }) => name), ...skipped].sort(), [...lost].sort())
      }),
      200,
    ))

  test('starts nothing after an abort', async () => {
    const tasks = ['a', 'b', 'c'].map((name): Task => ({ name, needs: [], weight: 1 }))
    const { started, skipped } = await run(tasks, { limit: 1, stopAt: 'b' })
    assert.equal([started, skipped], [['a', 'b'], ['c']])
  })

  test('starts the longest chain first', async () => {
    const tasks: Task[] = [
      { name: 'alone', needs: [], weight: 50 },
      { name: 'first', needs: [], weight: 1 },
      { name: 'last', needs: ['first'], weight: 60 },
    ]
    assert.equal((await run(tasks, { limit: 1 })).started, ['first', 'last', 'alone'])
  })

  test('keeps every place busy', async () => {
    const tasks = Array.from({ length: 9 }, (_, index): Task => ({ name: `t${index}`, needs: [], weight: index }))
    assert.is((await run(tasks, { limit: 4 })).peak, 4)
  })

  test('of nothing ends at once', async () => {
    assert.equal((await run([])).done, [])
  })
})
