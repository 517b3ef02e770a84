import * as assert from 'uvu/assert'
import type { Pin } from '../../src/model/lock.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { parseRecipe } from '../../src/recipes/parse-recipe.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const SOURCE = {
  from: ['https://example.org/hello-1.0.tar.gz'],
  integrity: `sha256-${'A'.repeat(43)}=`,
  size: 1000,
}

const GOOD = {
  name: 'hello',
  version: '1.0',
  summary: 'Says hello',
  license: 'MIT',
  homepage: 'https://example.org',
  sources: () => [SOURCE],
  build: { install: 'make install' },
}

const SIGNATURE = { kind: 'openpgp', suffix: '.sig', keys: ['key.asc'] }
const UPDATE = { range: '^1.0', indexes: ['https://example.org/'] }

const withUpdate = (changes: object): object => ({ ...GOOD, update: { ...UPDATE, ...changes } })
const withSource = (changes: object): object => ({ ...GOOD, sources: () => [{ ...SOURCE, ...changes }] })

/** A recipe that breaks a rule, and the field that the error must name. */
const BAD: readonly (readonly [string, unknown])[] = [
  ['the default export', undefined],
  ['the default export', 'hello'],
  ['the default export', [GOOD]],
  ['name', { ...GOOD, name: 'Hello' }],
  ['name', { ...GOOD, name: '../hello' }],
  ['version', { ...GOOD, version: '^1.0' }],
  ['version', { ...GOOD, version: 1 }],
  ['summary', { ...GOOD, summary: '' }],
  ['license', { ...GOOD, license: undefined }],
  ['homepage', { ...GOOD, homepage: 'example.org' }],
  ['role', { ...GOOD, role: 'host' }],
  ['sources', { ...GOOD, sources: [SOURCE] }],
  ['sources[0].from', withSource({ from: [] })],
  ['sources[0].from[0]', withSource({ from: ['ftp://example.org/x'] })],
  ['sources[0].from[1]', withSource({ from: ['https://example.org/x', 'http://example.org/x'] })],
  ['sources[0].integrity', withSource({ integrity: 'sha1-AAAA' })],
  ['sources[0].size', withSource({ size: 1.5 })],
  ['sources[0].size', withSource({ size: '1000' })],
  ['sources[0].strip', withSource({ strip: -1 })],
  ['sources[0].exclude[0]', withSource({ exclude: ['../x'] })],
  ['sources[0].md5', withSource({ md5: 'x' })],
  ['sources[1].at', { ...GOOD, sources: () => [SOURCE, SOURCE] }],
  ['sources', { ...GOOD, sources: () => [SOURCE, { ...SOURCE, at: 'a' }, { ...SOURCE, at: 'a' }] }],
  ['files[0]', { ...GOOD, files: ['../config'] }],
  ['patches[0]', { ...GOOD, patches: ['a/b.patch'] }],
  ['env.PATH', { ...GOOD, env: { PATH: '/bin' } }],
  ['env.SOURCE_DATE_EPOCH', { ...GOOD, env: { SOURCE_DATE_EPOCH: '0' } }],
  ['env.a-b', { ...GOOD, env: { 'a-b': '' } }],
  ['env.A', { ...GOOD, env: { A: 1 } }],
  ['build.install', { ...GOOD, build: { compile: 'make' } }],
  ['build.instal', { ...GOOD, build: { install: 'x', instal: 'x' } }],
  ['outputs.bin', { ...GOOD, outputs: { bin: ['bin/**'] } }],
  ['outputs.runtime[0]', { ...GOOD, outputs: { runtime: ['/bin/**'] } }],
  ['timeout', { ...GOOD, timeout: 0 }],
  ['licence', { ...GOOD, licence: 'MIT' }],
  ['sources[0].from[0]', withSource({ from: ['http://127.0.0.1.example.org/x'] })],
  ['update.range', withUpdate({ range: undefined })],
  ['update.range', withUpdate({ range: 'newest' })],
  ['update.indexes', withUpdate({ indexes: [] })],
  ['update.indexes[1]', withUpdate({ indexes: ['kernel.org', 'npm:../x'] })],
  ['update.indexes[0]', withUpdate({ indexes: ['https://example.org/page.html'] })],
  ['update.indexes[0]', withUpdate({ indexes: ['http://example.org/'] })],
  ['update.indexes[0]', withUpdate({ indexes: ['debian:../zlib'] })],
  ['update.indexes[0]', withUpdate({ indexes: ['github:owner'] })],
  ['update.pattern', withUpdate({ pattern: 'release' })],
  ['update.pattern', withUpdate({ pattern: '{version}-{version}' })],
  ['update.signatures[0].kind', withUpdate({ signatures: [{ ...SIGNATURE, kind: 'pgp' }] })],
  ['update.signatures[0].keys', withUpdate({ signatures: [{ ...SIGNATURE, keys: [] }] })],
  ['update.signatures[0].keys[0]', withUpdate({ signatures: [{ ...SIGNATURE, keys: ['../key'] }] })],
  ['update.signatures[0].suffix', withUpdate({ signatures: [{ ...SIGNATURE, suffix: '/../x' }] })],
  ['update.signatures[0].signed', withUpdate({ signatures: [{ ...SIGNATURE, signed: 'tar' }] })],
  ['update.checksums[0].url', withUpdate({ checksums: [{ url: 'SHA256SUMS' }] })],
  ['update.checksums[0].md5', withUpdate({ checksums: [{ url: 'https://example.org/x', md5: true }] })],
  ['update.newest', withUpdate({ newest: true })],
]

spec('recipes', (test) => {
  test('get their defaults', () => {
    const recipe = parseRecipe(GOOD, 'recipe.ts', '/folder')
    assert.is(recipe.role, 'target')
    assert.is(recipe.folder, '/folder')
    assert.equal(recipe.build, { configure: '', compile: '', install: 'make install' })
    assert.equal(recipe.sources, [{ ...SOURCE, at: '', inner: [], strip: 1, include: [], exclude: [] }])
    assert.equal(recipe.needs, { build: [], target: [], runtime: [], ranges: {} })
  })

  test('give their version to their sources', () => {
    const sources = ({ version }: { version: string }): object[] => [
      { ...SOURCE, from: [`https://example.org/${version}.tar`] },
    ]
    assert.equal(parseRecipe({ ...GOOD, sources }, 'recipe.ts', '/').sources[0]?.from, ['https://example.org/1.0.tar'])
  })

  test('say where newer versions are, or nothing', () => {
    const none = { range: '', indexes: [], pattern: '', signatures: [], checksums: [] }
    assert.equal(parseRecipe(GOOD, 'recipe.ts', '/').update, none)
    const indexes = ['npm:@s/x', 'debian:zlib', 'debian:zlib@trixie', 'github:a/b', 'gitlab:host.org/a/b', 'kernel.org']
    const signed = { ...SIGNATURE, signed: 'file' }
    const { update } = parseRecipe(withUpdate({ indexes, signatures: [SIGNATURE] }), 'recipe.ts', '/')
    assert.equal(update, { ...none, range: '^1.0', indexes, signatures: [signed] })
  })

  test('take version and hashes of a pin, as long as it was pinned from them', () => {
    const sources = ({ version }: { version: string }): object[] => [
      { ...SOURCE, from: [`https://x.org/${version}.tar`] },
    ]
    const parse = (pin?: Pin): Recipe => parseRecipe({ ...GOOD, sources }, 'recipe.ts', '/', pin)
    const [own] = parse().sources
    assert.ok(own !== undefined)
    const integrity = `sha256-${'B'.repeat(43)}=`
    const source = {
      ...own,
      from: ['https://x.org/1.1.tar'],
      integrity,
      size: 7,
      exclude: ['what the recipe says counts'],
    }
    const pin = { version: '1.1', pinnedFrom: '1.0', sources: [source] }
    const pinned = parse(pin)
    assert.equal([pinned.version, pinned.ownVersion], ['1.1', '1.0'])
    assert.equal(pinned.sources, [{ ...own, from: source.from, integrity, size: 7 }])
    const others: Pin[] = [
      { ...pin, pinnedFrom: '0.9' },
      { ...pin, version: '1.2' },
      { ...pin, sources: [] },
      { ...pin, sources: [source, { ...source, at: 'more' }] },
      { ...pin, sources: [{ ...source, from: ['https://evil.example/1.1.tar'] }] },
      { ...pin, sources: [{ ...source, at: 'elsewhere' }] },
    ]
    for (const other of others) assert.equal(parse(other), parse())
  })

  BAD.forEach(([field, value], index) => {
    test(`${index}: that break a rule are refused by file and field: ${field}`, async () => {
      const error = await rejects('E_RECIPE_INVALID', () => parseRecipe(value, 'recipes/packages/hello/recipe.ts', '/'))
      assert.equal(error.fields, { file: 'recipes/packages/hello/recipe.ts', field })
      assert.ok(error.message.startsWith(`recipes/packages/hello/recipe.ts: ${field} `), error.message)
    })
  })
})
