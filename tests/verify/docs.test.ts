import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { VARIATIONS } from '../../src/verify/variations.ts'
import { ROOT } from '../support/mrrl.ts'
import { spec } from '../support/spec.ts'

spec('docs/reproducibility.md', (test) => {
  test('lists the variations that there are', () => {
    const text = readFileSync(join(ROOT, 'docs/reproducibility.md'), 'utf8')
    const table = text.replace(/^[\s\S]*<!-- variations: begin -->|<!-- variations: end -->[\s\S]*$/g, '')
    const rows = [...table.matchAll(/^\| `(.+)` \| (.+) \|$/gm)].map(([, name, about]) => [name, about])
    assert.equal(
      rows,
      VARIATIONS.map(({ name, about }) => [name, about]),
      'write it with: node scripts/reproducibility-table.ts',
    )
  })
})
