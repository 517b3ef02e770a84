import * as assert from 'uvu/assert'
import { parseToolchain } from '../../src/recipes/parse-toolchain.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const ARCHIVE = {
  from: ['debian:pool/main/c/compiler/compiler_1.deb'],
  integrity: `sha256-${'A'.repeat(43)}=`,
  size: 1,
}

const SYSTEM = {
  kind: 'system',
  name: 'debian',
  gcc: '12.2.0',
  license: 'MIT',
  homepage: 'https://example.org',
  triple: 'x86_64-linux-gnu',
  sources: [ARCHIVE, ARCHIVE],
  utilities: [ARCHIVE],
  links: { 'usr/bin/awk': 'mawk', 'lib64/ld.so': '../lib/ld.so' },
}

/** What a toolchain says wrong, and the field that is named. */
const WRONG: Readonly<Record<string, { change: object; field: string }>> = {
  'another kind': { change: { kind: 'borrowed' }, field: 'kind' },
  'no sources': { change: { sources: [] }, field: 'sources' },
  'no utilities, which would be those of the host': { change: { utilities: [] }, field: 'utilities' },
  'a source without a hash': { change: { sources: [{ ...ARCHIVE, integrity: '' }] }, field: 'sources[0].integrity' },
  'a link at an absolute path': { change: { links: { '/bin/awk': 'mawk' } }, field: 'links./bin/awk' },
  'a link at a path that climbs': { change: { links: { 'usr/../../awk': 'mawk' } }, field: 'links.usr/../../awk' },
  'a link to an absolute path': { change: { links: { 'bin/awk': '/usr/bin/mawk' } }, field: 'links.bin/awk' },
  'a triple that is none': { change: { triple: 'linux' }, field: 'triple' },
  'a field that is of another kind': { change: { packages: ['gcc'] }, field: 'packages' },
}

spec('a toolchain that is a small system', (test) => {
  test('is read with all its archives and links', () => {
    const toolchain = parseToolchain(SYSTEM, 'debian.ts')
    assert.is(toolchain.kind, 'system')
    if (toolchain.kind !== 'system') return
    assert.is(toolchain.sources.length, 2)
    assert.equal(toolchain.links, SYSTEM.links)
    assert.equal(
      toolchain.utilities.map(({ at, strip }) => [at, strip]),
      [['', 1]],
    )
  })

  for (const [what, { change, field }] of Object.entries(WRONG)) {
    test(`is refused with ${what}`, async () => {
      const error = await rejects('E_RECIPE_INVALID', async () => parseToolchain({ ...SYSTEM, ...change }, 'debian.ts'))
      assert.equal(error.fields, { file: 'debian.ts', field })
    })
  }
})
