import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lock } from '../../src/engine/lock-operations.ts'
import { parseDigest } from '../../src/model/digest.ts'
import { type Surroundings, USUAL_SURROUNDINGS } from '../../src/model/surroundings.ts'
import { readLock } from '../../src/recipes/lock-file.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureSettings, missingFixture, ran, writeFixture } from '../support/fixture.ts'
import { spec } from '../support/spec.ts'
import { missing, withFolder } from '../support/tools.ts'

const FACTS = `
  mkdir -p "$OUT/etc"
  {
    echo "host=$(hostname)"
    echo "umask=$(umask)"
    echo "pwd=$PWD"
    echo "home=$HOME"
    echo "locale=$LC_ALL"
    echo "uid=$(id -u)"
    echo "cpu=$(sed -n 1p /proc/cpuinfo)"
    echo "other=/rebuild /build-id x/build $PWD"
  } > "$OUT/etc/facts"`

const USUAL = [
  'host=mrrl',
  'umask=0022',
  'pwd=/build',
  'home=/build',
  'locale=C',
  'uid=0',
  'other=/rebuild /build-id x/build /build',
]

/** What a step sees that is built in these surroundings, and whether it ran at all. */
async function factsIn(folder: string, surroundings: Surroundings): Promise<{ facts: string[]; ran: string[] }> {
  const sandbox = surroundings.uid === 0 ? 'auto' : 'bwrap'
  const { settings, events } = fixtureSettings(folder, { surroundings, sandbox })
  await lock('test', settings)
  const { packages } = await readLock(join(settings.lockFolder, 'test.lock.json'), 'test')
  const store = await openStore(settings.home)
  const entries = await store.trees.entries(parseDigest(packages.facts?.output ?? ''))
  const file = entries.find(({ path }) => path === 'etc/facts')
  const text = file?.kind === 'file' ? Buffer.from(await store.blobs.read(file.digest)).toString() : ''
  return { facts: text.trimEnd().split('\n'), ran: ran(events) }
}

spec('the surroundings of a step', (test) => {
  const unbuildable = missingFixture()

  test.unless(unbuildable, 'are the usual ones', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { facts: { install: FACTS } })
      const { facts } = await factsIn(folder, USUAL_SURROUNDINGS)
      assert.equal(
        facts.filter((fact) => !fact.startsWith('cpu=')),
        USUAL,
      )
    }),
  )

  test.unless(unbuildable, 'can be changed, each by itself', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { facts: { install: FACTS } })
      const { facts } = await factsIn(folder, {
        ...USUAL_SURROUNDINGS,
        hostName: 'elsewhere',
        umask: '077',
        buildFolder: '/var/tmp/other',
        env: { LC_ALL: 'tr_TR.UTF-8' },
        files: { '/proc/cpuinfo': 'a processor\n' },
      })
      assert.equal(facts, [
        'host=elsewhere',
        'umask=0077',
        'pwd=/var/tmp/other',
        'home=/var/tmp/other',
        'locale=tr_TR.UTF-8',
        'uid=0',
        'cpu=a processor',
        'other=/rebuild /build-id x/build /var/tmp/other',
      ])
    }),
  )

  test.unless(unbuildable ?? missing('bwrap'), 'can have another user, with bwrap', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { facts: { install: FACTS } })
      const files = { '/proc/cpuinfo': 'a processor\n' }
      const { facts } = await factsIn(folder, { ...USUAL_SURROUNDINGS, uid: 1234, files })
      assert.is(facts[5], 'uid=1234')
      assert.is(facts[6], 'cpu=a processor')
    }),
  )

  test.unless(unbuildable, 'are no part of any key: what was built in others is not built again', () =>
    withFolder(async (folder) => {
      writeFixture(folder, { facts: { install: FACTS } })
      await factsIn(folder, { ...USUAL_SURROUNDINGS, hostName: 'elsewhere' })
      assert.equal((await factsIn(folder, USUAL_SURROUNDINGS)).ran, [])
    }),
  )
})
