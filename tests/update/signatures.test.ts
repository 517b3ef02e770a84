import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import type { UpdateRules, Voucher } from '../../src/model/update.ts'
import type { Current } from '../../src/update/current.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { missing, run, withFolder } from '../support/tools.ts'
import {
  clearsigned,
  detached,
  findsUpdate,
  NOW,
  newSigner,
  newSmallSigner,
  page,
  rule,
  tarball,
  tool,
  type World,
  withWorld,
} from '../support/updates.ts'

const FILE = 'tool-1.1.tar.gz'
const NEW = tarball('1.1')
const DAY = 86_400_000
const [signer, stranger] = await Promise.all([newSigner(), newSigner()])
const [small, smallStranger] = [newSmallSigner('abcdefgh'), newSmallSigner('ijklmnop')]

/** A world in which 1.1 is new, and what its package looks like under these rules. */
function withNew(
  body: (
    world: World,
    find: (rules: Partial<UpdateRules>, options?: Options) => ReturnType<typeof findsUpdate>,
  ) => Promise<void>,
): Promise<void> {
  return withWorld(async (world) => {
    world.site['/'] = page('tool-1.0.tar.gz', FILE)
    world.site['/tool-1.0.tar.gz'] = tarball('1.0')
    world.site[`/${FILE}`] = NEW
    await body(world, (rules, options = {}) => {
      const from = (version: string): string[] => [`${world.url}/tool-${version}.tar.gz`]
      return findsUpdate(tool(from, { indexes: [`${world.url}/`], ...rules }, options), world.with({}))
    })
  })
}

type Options = Partial<Current> & { readonly keys?: Readonly<Record<string, Uint8Array>> }

const FORMS = {
  openpgp: {
    suffix: '.asc',
    key: signer.publicKey,
    by: signer.fingerprint,
    sign: (bytes: Uint8Array) => detached(bytes, signer),
    foreign: (bytes: Uint8Array) => detached(bytes, stranger),
  },
  minisign: {
    suffix: '.minisig',
    key: small.publicKey,
    by: small.line,
    sign: async (bytes: Uint8Array) => small.minisign(bytes),
    foreign: async (bytes: Uint8Array) => smallStranger.minisign(bytes),
  },
  signify: {
    suffix: '.sig',
    key: small.publicKey,
    by: small.line,
    sign: async (bytes: Uint8Array) => small.signify(bytes),
    foreign: async (bytes: Uint8Array) => smallStranger.signify(bytes),
  },
} as const

spec('signatures of upstream', (test) => {
  for (const [kind, { suffix, key, by, sign, foreign }] of Object.entries(FORMS) as [
    keyof typeof FORMS,
    (typeof FORMS)[keyof typeof FORMS],
  ][]) {
    const rules = { signatures: [rule(kind, suffix)] }
    const keys = { key }

    test(`${kind}: a good one vouches`, () =>
      withNew(async ({ site }, find) => {
        site[`/${FILE}${suffix}`] = await sign(NEW)
        const update = await find(rules, { keys })
        assert.equal(update.vouchers, [{ kind, by, file: FILE }])
        assert.equal(update.unvouched, [])
      }))

    test(`${kind}: one that is missing vouches for nothing`, () =>
      withNew(async (_, find) => assert.equal((await find(rules, { keys })).unvouched, [FILE])))

    test(`${kind}: a wrong one stops, and so does what is none`, () =>
      withNew(async ({ site }, find) => {
        const good = Buffer.from(await sign(NEW))
        const wrong = [
          await sign(tarball('1.0')),
          '',
          'x',
          '<html>not found</html>',
          good.subarray(0, -40),
          Buffer.alloc(100),
        ]
        for (const text of wrong) {
          site[`/${FILE}${suffix}`] = text
          await rejects('E_SIGNATURE', () => find(rules, { keys }))
        }
      }))

    test(`${kind}: no flipped character passes`, () =>
      withNew(async ({ site }, find) => {
        const good = await sign(NEW)
        const lines = good.split('\n')
        // Comments, headers and the checksum of the armor may say anything.
        const at = good.indexOf(lines.find((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line)) ?? '')
        for (let step = 0; step < 8; step++) {
          const index = at + 3 + step * 6
          const flipped = good[index] === 'A' ? 'B' : 'A'
          site[`/${FILE}${suffix}`] = good.slice(0, index) + flipped + good.slice(index + 1)
          const code = await find(rules, { keys }).then(
            ({ vouchers }) => (vouchers.length === 0 ? 'none' : 'passed'),
            (error) => error.code,
          )
          assert.ok(['E_SIGNATURE', 'E_UPDATE_SIGNER', 'none'].includes(code), `${index}: ${code}`)
        }
      }))

    test(`${kind}: a key that the recipe does not name, or did not sign the last version, stops`, () =>
      withNew(async ({ site }, find) => {
        site[`/${FILE}${suffix}`] = await foreign(NEW)
        await rejects('E_UPDATE_SIGNER', () => find(rules, { keys }))
        site[`/${FILE}${suffix}`] = await sign(NEW)
        const before: Voucher = { kind, by, file: 'tool-1.0.tar.gz' }
        assert.is((await find(rules, { keys, vouchers: [before] })).after, '1.1')
        await rejects('E_UPDATE_SIGNER', () => find(rules, { keys, vouchers: [{ ...before, by: 'another' }] }))
        delete site[`/${FILE}${suffix}`]
        await rejects('E_UPDATE_SIGNER', () => find(rules, { keys, vouchers: [before] }))
      }))

    test(`${kind}: a file of keys that holds none is an error`, () =>
      withNew(async ({ site }, find) => {
        site[`/${FILE}${suffix}`] = await sign(NEW)
        for (const key of [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(42)]) {
          await rejects('E_SIGNATURE', () => find(rules, { keys: { key } }))
        }
      }))
  }

  test('openpgp: of the tar inside, as kernel.org signs', () =>
    withNew(async ({ site }, find) => {
      site['/tool-1.1.tar.sign'] = await detached(gunzipSync(NEW), signer)
      const signatures = [{ ...rule('openpgp', '.sign'), signed: 'unpacked' as const }]
      assert.equal((await find({ signatures }, { keys: { key: signer.publicKey } })).unvouched, [])
      site['/tool-1.1.tar.sign'] = await detached(NEW, signer)
      await rejects('E_SIGNATURE', () => find({ signatures }, { keys: { key: signer.publicKey } }))
    }))

  test('openpgp: one that an expired key made while it was valid counts, one made later does not', () =>
    withNew(async ({ site }, find) => {
      const expired = await newSigner(30 * 86_400)
      const rules = { signatures: [rule('openpgp', '.asc')] }
      site[`/${FILE}.asc`] = await detached(NEW, expired, new Date(NOW - 360 * DAY))
      assert.equal((await find(rules, { keys: { key: expired.publicKey } })).unvouched, [])
      site[`/${FILE}.asc`] = await detached(NEW, signer, new Date(NOW + 30 * DAY))
      await rejects('E_SIGNATURE', () => find(rules, { keys: { key: signer.publicKey } }))
    }))

  test('openpgp: one of an unknown type is none', () =>
    withNew(async ({ site }, find) => {
      const armored = await detached(NEW, signer)
      const body = armored.slice(armored.indexOf('\n\n'), armored.lastIndexOf('\n-----')).replace(/\n=[^\n]{4}$/, '')
      const bytes = Buffer.from(body, 'base64')
      site[`/${FILE}.asc`] = bytes
      const rules = { signatures: [rule('openpgp', '.asc')] }
      assert.equal((await find(rules, { keys: { key: signer.publicKey } })).unvouched, [])
      // Packet header, length, version, then the type.
      site[`/${FILE}.asc`] = Buffer.from(bytes).fill(0x77, 3, 4)
      await rejects('E_SIGNATURE', () => find(rules, { keys: { key: signer.publicKey } }))
    }))

  test('minisign: the older form, of the file itself, counts; a changed trusted comment does not', () =>
    withNew(async ({ site }, find) => {
      const rules = { signatures: [rule('minisign', '.minisig')] }
      site[`/${FILE}.minisig`] = small.minisign(NEW, 'Ed')
      assert.equal((await find(rules, { keys: { key: small.publicKey } })).unvouched, [])
      site[`/${FILE}.minisig`] = small.minisign(NEW).replace('timestamp:1', 'timestamp:2')
      await rejects('E_SIGNATURE', () => find(rules, { keys: { key: small.publicKey } }))
    }))

  test('a signature that is far too large is left', () =>
    withNew(async ({ site }, find) => {
      site[`/${FILE}.asc`] = 'x'.repeat(2 << 20)
      await rejects('E_INDEX_LIMIT', () =>
        find({ signatures: [rule('openpgp', '.asc')] }, { keys: { key: signer.publicKey } }),
      )
    }))

  test.unless(missing('gpg', 'minisign', 'signify-openbsd'), 'are read as their own programs make them', () =>
    withNew(async ({ site, url }, find) =>
      withFolder(async (folder) => {
        const file = join(folder, FILE)
        const out = (name: string): string => join(folder, name)
        writeFileSync(file, NEW)
        const home = join(folder, 'gnupg')
        mkdirSync(home, { mode: 0o700 })
        const gpg = (...args: string[]): Buffer =>
          run(
            'gpg',
            '--homedir',
            home,
            '--batch',
            '--quiet',
            '--pinentry-mode',
            'loopback',
            '--passphrase',
            '',
            ...args,
          )
        gpg('--faked-system-time', '20250101T000000', '--quick-generate-key', 'a@example.org', 'ed25519', 'sign', '0')
        site[`/${FILE}.asc`] = gpg(
          '--faked-system-time',
          '20251231T000000',
          '--armor',
          '--detach-sign',
          '-o',
          '-',
          file,
        )
        assert.equal(
          (await find({ signatures: [rule('openpgp', '.asc')] }, { keys: { key: gpg('--export') } })).unvouched,
          [],
        )

        run('minisign', '-G', '-W', '-p', out('m.pub'), '-s', out('m.sec'))
        for (const form of [['-H'], ['-l']]) {
          run('minisign', '-S', ...form, '-s', out('m.sec'), '-m', file, '-x', out('m.sig'), '-t', 'a comment')
          site[`/${FILE}.minisig`] = readFileSync(out('m.sig'))
          const keys = { key: readFileSync(out('m.pub')) }
          assert.equal((await find({ signatures: [rule('minisign', '.minisig')] }, { keys })).unvouched, [])
        }

        run('signify-openbsd', '-G', '-n', '-p', out('s.pub'), '-s', out('s.sec'))
        run('signify-openbsd', '-S', '-s', out('s.sec'), '-m', file, '-x', out('s.sig'))
        site[`/${FILE}.sig`] = readFileSync(out('s.sig'))
        const keys = { key: readFileSync(out('s.pub')) }
        assert.equal((await find({ signatures: [rule('signify', '.sig')] }, { keys })).unvouched, [])
        const hashes = out('SHA256')
        writeFileSync(hashes, `SHA256 (${FILE}) = ${sha('sha256')}\n`)
        run('signify-openbsd', '-S', '-e', '-s', out('s.sec'), '-m', hashes, '-x', out('SHA256.sig'))
        site['/SHA256.sig'] = readFileSync(out('SHA256.sig'))
        const checksums = [{ url: `${url}/SHA256.sig`, signatures: [rule('signify', '')] }]
        assert.equal((await find({ checksums }, { keys })).unvouched, [])
      }),
    ),
  )
})

const sha = (algorithm: string, bytes: Uint8Array = NEW): string => createHash(algorithm).update(bytes).digest('hex')

spec('published checksums', (test) => {
  const at = (
    { url }: World,
    signatures: UpdateRules['checksums'][number]['signatures'] = [],
  ): Partial<UpdateRules> => ({
    checksums: [{ url: `${url}/SUMS-{version}`, signatures }],
  })

  test('vouch in all usual forms', () =>
    withNew(async (world, find) => {
      const lines = [
        `${sha('sha256')}  ${FILE}`,
        `${sha('sha256')} *${FILE}`,
        `${sha('sha512')}  ./${FILE}`,
        `SHA256 (${FILE}) = ${sha('sha256')}`,
        `SHA512 (${FILE}) = ${sha('sha512')}\r`,
        `SHA256 (${FILE}) = ${sha('sha256')}\nSHA512 (${FILE}) = ${sha('sha512')}`,
      ]
      for (const line of lines) {
        world.site['/SUMS-1.1'] = `# comment\n${sha('sha256', tarball('1.0'))}  other-1.1.tar.gz\n${line}\n`
        assert.equal((await find(at(world))).vouchers, [{ kind: 'checksum', by: `${world.url}/SUMS-1.1`, file: FILE }])
      }
    }))

  test('vouch for nothing where they do not name the file', () =>
    withNew(async (world, find) => {
      const texts = [
        '',
        '<html></html>',
        `${sha('sha256')}  x/${FILE}`,
        `${sha('sha1')}  ${FILE}`,
        `${sha('sha256')}${FILE}`,
        'x'.repeat(900_000),
      ]
      for (const text of texts) {
        world.site['/SUMS-1.1'] = text
        assert.equal((await find(at(world))).vouchers, [])
      }
    }))

  test('that say otherwise stop', () =>
    withNew(async (world, find) => {
      world.site['/SUMS-1.1'] = `${sha('sha256', tarball('1.0'))}  ${FILE}\n`
      await rejects('E_INTEGRITY', () => find(at(world)))
      world.site['/SUMS-1.1'] = `${sha('sha256')}  ${FILE}\n${sha('sha256', tarball('1.0'))}  ${FILE}\n`
      await rejects('E_INDEX_REFUSED', () => find(at(world)))
    }))

  test('that now differ for the locked version mean that it was replaced', () =>
    withNew(async (world, find) => {
      world.site['/SUMS-1.0'] = `${sha('sha256')}  tool-1.0.tar.gz\n`
      await rejects('E_UPDATE_REROLLED', () => find(at(world)))
    }))

  test('count by their signature where the recipe asks for one', () =>
    withNew(async (world, find) => {
      const line = `${sha('sha256')}  ${FILE}\n`
      const keys = { key: signer.publicKey }
      const both = [
        { kind: 'checksum', by: `${world.url}/SUMS-1.1`, file: FILE },
        { kind: 'openpgp', by: signer.fingerprint, file: FILE },
      ]
      world.site['/SUMS-1.1'] = line
      assert.equal((await find(at(world, [rule('openpgp', '.asc')]), { keys })).vouchers, [])
      world.site['/SUMS-1.1.asc'] = await detached(Buffer.from(line), signer)
      assert.equal((await find(at(world, [rule('openpgp', '.asc')]), { keys })).vouchers, both)
      world.site['/SUMS-1.1.asc'] = await detached(Buffer.from(line), stranger)
      await rejects('E_UPDATE_SIGNER', () => find(at(world, [rule('openpgp', '.asc')]), { keys }))
      const inside = at(world, [rule('openpgp', '')])
      world.site['/SUMS-1.1'] = await clearsigned(line, [signer])
      assert.equal((await find(inside, { keys })).vouchers, both)
      world.site['/SUMS-1.1'] = `${sha('sha256')}  ${FILE}\n${await clearsigned('x\n', [signer])}`
      const code = await find(inside, { keys }).then(
        ({ vouchers }) => vouchers.length,
        (error) => error.code,
      )
      assert.ok(code === 0 || code === 'E_SIGNATURE', String(code))
    }))

  test('and their signature may be one file, as signify -e writes it', () =>
    withNew(async (world, find) => {
      const line = `SHA256 (${FILE}) = ${sha('sha256')}\n`
      world.site['/SUMS-1.1'] = small.signify(Buffer.from(line)) + line
      const inside = at(world, [rule('signify', '')])
      const keys = { key: small.publicKey }
      assert.equal(
        (await find(inside, { keys })).vouchers.map(({ kind }) => kind),
        ['checksum', 'signify'],
      )
      world.site['/SUMS-1.1'] = `${small.signify(Buffer.from(line))}${line} `
      await rejects('E_SIGNATURE', () => find(inside, { keys }))
    }))

  test('lie where the recipe says, over https', () =>
    withNew(async (_, find) => {
      for (const url of ['http://sums.example/{version}', 'file:///etc/passwd', 'npm:x@1.0.0']) {
        await rejects('E_RECIPE_INVALID', () => find({ checksums: [{ url, signatures: [] }] }))
      }
    }))
})
