import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT_STATUSES } from '../../src/cli/commands.ts'
import { ERROR_CODES } from '../../src/util/error-codes.ts'
import { ROOT } from '../support/mrrl.ts'
import { cliReference, errorReference } from '../support/reference.ts'
import { spec } from '../support/spec.ts'

spec('documentation', (test) => {
  test('of the command line is what the table of commands says', () => {
    assert.fixture(readFileSync(join(ROOT, 'docs/cli.md'), 'utf8'), cliReference())
  })

  test('of errors is what the table of codes says', () => {
    assert.fixture(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'), errorReference())
  })

  test('names every exit status that a code leads to', () => {
    const documented = new Set(EXIT_STATUSES.map(([status]) => status))
    for (const [code, { exit }] of Object.entries(ERROR_CODES)) assert.ok(documented.has(exit), code)
  })
})
