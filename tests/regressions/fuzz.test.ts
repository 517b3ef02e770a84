import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { fuzz, REGRESSIONS, tryInput } from '../support/fuzz.ts'
import { FUZZ_READERS } from '../support/fuzz-readers.ts'
import { spec } from '../support/spec.ts'

const SEED = 20_261_121
const CASES = 3000

spec('readers', (test) => {
  for (const [name, reader] of Object.entries(FUZZ_READERS)) {
    const folder = join(REGRESSIONS, name)
    for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
      test(`${name}: ${file}`, async () => {
        assert.match(await tryInput(reader, readFileSync(join(folder, file))), /^(accepted|refused)$/)
      })
    }

    test(`${name}: ${CASES} changed inputs`, async () => {
      const { failures } = await fuzz(reader, {
        seed: SEED,
        firstCase: 0,
        goesOn: ({ cases }) => cases < CASES,
        starts: () => undefined,
      })
      assert.equal(
        failures.map(({ index, why }) => `case ${index}: ${why}`),
        [],
      )
    })
  }
})
