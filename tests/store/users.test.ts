import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { sweepLeftovers } from '../../src/store/sweep.ts'
import { isOnlyUser, useStore, withoutUsers } from '../../src/store/users.ts'
import { ended, killed, printed, startScript } from '../support/children.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withStore } from '../support/store.ts'

spec('users of the store', (test) => {
  test('may be several at once, and leave no trace', () =>
    withStore(async ({ layout }) => {
      await useStore(layout, async () => {
        assert.ok(await isOnlyUser(layout))
        await useStore(layout, async () => assert.not.ok(await isOnlyUser(layout)))
        assert.ok(await isOnlyUser(layout))
      })
      assert.equal(readdirSync(layout.running), [])
    }))

  test('keep others from collecting garbage', () =>
    withStore(async ({ layout }) => {
      await useStore(layout, async () => {
        const error = await rejects('E_STORE', () => withoutUsers(layout, async () => undefined))
        assert.equal(error.fields.processes, [String(process.pid)])
      })
      assert.is(await withoutUsers(layout, async () => 'free'), 'free')
      assert.equal(readdirSync(layout.running), [])
    }))

  test('wait until a collection has ended', () =>
    withStore(async ({ layout }) => {
      const order: string[] = []
      let user: Promise<unknown> = Promise.resolve()
      await withoutUsers(layout, async () => {
        user = useStore(layout, async () => order.push('use'))
        await new Promise((resolve) => setTimeout(resolve, 100))
        order.push('collected')
      })
      await user
      assert.equal(order, ['collected', 'use'])
    }))

  test('in other processes count, until they are killed', () =>
    withStore(async ({ layout }, home) => {
      const child = startScript('store-child.ts', 'use', home)
      await printed(child, 'using')
      await rejects('E_STORE', () => withoutUsers(layout, async () => undefined))
      await killed(child)
      assert.is(readdirSync(layout.running).length, 1)
      assert.is(await withoutUsers(layout, async () => 'free'), 'free')
      assert.equal(readdirSync(layout.running), [])
    }))

  test('may have a store at a path longer than a socket address', () =>
    withStore(async ({ layout }) => {
      const long = join(layout.running, 'x'.repeat(120))
      mkdirSync(long)
      await useStore({ ...layout, tmp: layout.tmp, running: long } as typeof layout, async () => {
        assert.is(readdirSync(long).length, 1)
      })
    }))

  test('that were killed leave files, which the next one removes', () =>
    withStore(async ({ layout }, home) => {
      const child = startScript('store-child.ts', 'count', home)
      const { pid } = child
      await ended(child)
      mkdirSync(join(layout.tmp, `step-${pid}-aa/build`), { recursive: true })
      writeFileSync(join(layout.tmp, `step-${pid}-aa/build/file`), 'x'.repeat(1000))
      mkdirSync(join(layout.tmp, `step-${process.pid}-bb`))
      await useStore(layout, async () => undefined, sweepLeftovers)
      assert.equal(readdirSync(layout.tmp), [`step-${process.pid}-bb`])
    }))

  test('take turns under a lock', () =>
    withStore(async ({ aliases }, home) => {
      const children = Array.from({ length: 3 }, () => startScript('store-child.ts', 'count', home))
      for (const { output } of await Promise.all(children.map(ended))) assert.is(output, 'done\n')
      assert.is((await aliases.get('counter'))?.slice(65), '150')
    }))
})
