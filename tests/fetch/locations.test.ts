import * as assert from 'uvu/assert'
import { parseIntegrity } from '../../src/fetch/integrity.ts'
import { fileNames, parseLocation } from '../../src/fetch/locations.ts'
import { integrityOf } from '../support/http-server.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

spec('parseLocation', (test) => {
  test('reads every kind', () => {
    assert.equal(parseLocation('https://example.org/a/b.tar?x=1#frag'), {
      kind: 'url',
      url: 'https://example.org/a/b.tar?x=1',
    })
    assert.equal(parseLocation('http://127.0.0.1:80/b'), { kind: 'url', url: 'http://127.0.0.1/b' })
    assert.equal(parseLocation('file:a/b.tar'), { kind: 'file', path: 'a/b.tar' })
    assert.equal(parseLocation('file:/a//b.tar'), { kind: 'file', path: '/a/b.tar' })
    assert.equal(parseLocation('file:///a/b%20c'), { kind: 'file', path: '/a/b c' })
    assert.equal(parseLocation('npm:@s/p.q-r@1.2.3-rc.1'), { kind: 'npm', name: '@s/p.q-r', version: '1.2.3-rc.1' })
    const path = 'pool/main/z/zlib/zlib_1.3.dfsg+really1.3.1.orig.tar.gz'
    assert.equal(parseLocation(`debian:${path}`), { kind: 'debian', path, time: undefined })
    const time = '20250915T000000Z'
    assert.equal(parseLocation(`debian:${path}@${time}`), { kind: 'debian', path, time })
  })

  test('refuses all others', async () => {
    for (const text of [
      '',
      'a.tar',
      'ftp://example.org/a',
      'http://example.org/a.tar',
      'https://',
      'https://user:secret@example.org/a',
      'file:',
      'file://host/a',
      'npm:p',
      'npm:p@^1.0.0',
      'npm:p@latest',
      'npm:../p@1.0.0',
      'npm:@s/../p@1.0.0',
      'debian:main/x',
      'debian:pool/../x',
      'debian:pool/a/.hidden',
      'debian:/pool/a',
      'debian:pool/a b',
      'debian:pool/a@yesterday',
    ]) {
      const error = await rejects('E_RECIPE_INVALID', () => parseLocation(text))
      assert.not.match(error.message, 'secret')
    }
  })

  test('file names are single names', async () => {
    const from = [
      'https://example.org/x/a%2Bb.tar.gz?download',
      'npm:@s/p@1.0.0',
      'debian:pool/a/a+b.tar.gz',
      'npm:q@2.0.0',
    ]
    assert.equal(fileNames(from), ['a+b.tar.gz', 'p-1.0.0.tgz', 's-p-1.0.0.tgz', 'q-2.0.0.tgz'])
    for (const text of [
      'https://example.org/',
      'https://example.org/a%2F..%2Fb',
      'https://example.org/%ff',
      'file:a/..',
    ]) {
      await rejects('E_RECIPE_INVALID', () => fileNames([text]))
    }
  })
})

spec('parseIntegrity', (test) => {
  test('reads sha256 and sha512', () => {
    assert.is(parseIntegrity(integrityOf(Buffer.from(''))).hex.slice(0, 8), 'e3b0c442')
    assert.is(parseIntegrity(integrityOf(Buffer.from(''), 'sha512')).hex.slice(0, 8), 'cf83e135')
  })

  test('refuses weak, cut, empty and several', async () => {
    const good = integrityOf(Buffer.from(''))
    const cut = `sha512-${good.slice(7)}`
    for (const text of [
      '',
      'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
      'md5-1B2M2Y8AsgTpgAmY7PhCfg==',
      cut,
      `${good} ${good}`,
      `${good}?x`,
    ]) {
      await rejects('E_RECIPE_INVALID', () => parseIntegrity(text))
    }
  })
})
