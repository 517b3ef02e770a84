import { setTimeout as wait } from 'node:timers/promises'
import { withLock } from '../../src/store/locks.ts'
import { openStore } from '../../src/store/store.ts'
import { useStore } from '../../src/store/users.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { noise } from './bytes.ts'

/**
 * A process of its own that works on a store, for tests of several at once and of those that are killed:
 *
 *   node tests/support/store-child.ts <work> <home>
 *
 * It prints lines as it goes on, and `done` or the code of the error that ended it.
 */
const WORK: Readonly<Record<string, (home: string) => Promise<void>>> = {
  /** Stores the same 40 blobs as every other one. */
  'put-many': async (home) => {
    const { blobs } = await openStore(home)
    for (let seed = 1; seed <= 40; seed++) await blobs.put(noise(20_000, seed), seed % 2 === 0)
    await blobs.sync()
  },
  /** Stores a stream that never ends. */
  'put-endless': async (home) => {
    const { blobs } = await openStore(home)
    await blobs.putStream(
      (async function* () {
        for (;;) {
          yield noise(65_536)
          console.log('more')
          await wait(1)
        }
      })(),
    )
  },
  /** Stores more than a small disk holds. */
  'put-8-mib': async (home) => {
    const { blobs } = await openStore(home)
    for (let seed = 1; seed <= 8; seed++) await blobs.put(noise(2 ** 20, seed))
  },
  /** Adds one to a counter, 50 times, under a lock. */
  count: async (home) => {
    const { layout, aliases } = await openStore(home)
    for (let i = 0; i < 50; i++) {
      await withLock(layout, 'counter', async () => {
        const before = await aliases.get('counter')
        const value = Number(before?.slice(65) ?? 0) + 1
        await aliases.put('counter', `${'0'.repeat(64)}/${value}` as never)
      })
    }
  },
  /** Uses the store until it is killed. */
  use: async (home) => {
    const { layout } = await openStore(home)
    await useStore(layout, async () => {
      console.log('using')
      await wait(60_000)
    })
  },
}

try {
  const [work = '', home = ''] = process.argv.slice(2)
  await WORK[work]?.(home)
  console.log('done')
} catch (error) {
  console.log(error instanceof MrrlError ? error.code : String(error))
  process.exitCode = 1
}
