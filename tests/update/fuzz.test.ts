import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'
import type { UpdateRules } from '../../src/model/update.ts'
import { findUpdate } from '../../src/update/find-update.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { archiveAt, signArchive } from '../support/debian-archive.ts'
import { integrityOf } from '../support/http-server.ts'
import { mutate, randomOf } from '../support/mutate.ts'
import { spec } from '../support/spec.ts'
import {
  detached,
  newSigner,
  newSmallSigner,
  page,
  rule,
  tarball,
  tool,
  type World,
  withWorld,
} from '../support/updates.ts'

/** Change it to look elsewhere. */
const SEED = 4
const CASES = 30
const NEW = tarball('1.1.0')
const FILE = 'tool-1.1.0.tar.gz'
const signer = await newSigner()
const small = newSmallSigner('12345678')

/** What metadata may lead to, whatever is wrong with it. */
const CODES = /^E_(INDEX|INDEX_LIMIT|INDEX_REFUSED|INDEX_UNSIGNED|SIGNATURE|UPDATE_[A-Z]+|INTEGRITY|FETCH|FETCH_SIZE)$/

/** Serves the file at `path` damaged in many ways; an update that is found all the same must be the right one. */
async function fuzz(
  world: World,
  path: string,
  rules: Partial<UpdateRules>,
  from = (version: string): string[] => [`${world.url}/tool-${version}.tar.gz`],
): Promise<void> {
  const good = Buffer.from(world.site[path] ?? '')
  for (let index = 0; index < CASES; index++) {
    world.site[path] = mutate([good], randomOf(SEED, index))
    const session = world.with({
      hosts: { github: world.url, kernel: world.url },
      debianArchives: async () => [archiveAt(world.url, [signer.publicKey])],
    })
    const current = tool(from, rules, {
      version: '1.0.0',
      bytes: tarball('1.0.0'),
      keys: { key: signer.publicKey, small: small.publicKey },
    })
    try {
      const update = await findUpdate(current, session)
      if (update?.after === '1.1.0') assert.is(update.sources[0]?.size, NEW.length)
    } catch (error) {
      if (!(error instanceof MrrlError)) throw new Error(`case ${index} of ${path}`, { cause: error })
      assert.match(error.code, CODES, `case ${index} of ${path}: ${error.message}`)
    }
  }
}

function withNew(body: (world: World) => Promise<void>): Promise<void> {
  return withWorld(async (world) => {
    world.site['/'] = page('tool-1.0.0.tar.gz', FILE)
    world.site[`/${FILE}`] = NEW
    world.site['/tool-1.0.0.tar.gz'] = tarball('1.0.0')
    await body(world)
  })
}

spec('damaged metadata', (test) => {
  test('pages, tags and releases', () =>
    withNew(async (world) => {
      await fuzz(world, '/', { indexes: [`${world.url}/`] })
      const tags = '/repos/o/tool/tags?per_page=100&page=1'
      world.site[tags] = JSON.stringify([{ name: 'v1.0.0' }, { name: 'v1.1.0' }])
      await fuzz(world, tags, { indexes: ['github:o/tool'] })
      world.site['/releases.json'] = JSON.stringify({ releases: [{ moniker: 'stable', version: '1.1.0' }] })
      await fuzz(world, '/releases.json', { indexes: ['kernel.org'] })
    }))

  test('of npm', () =>
    withNew(async (world) => {
      const version = (text: string, bytes: Uint8Array): object => {
        const path = `/tool/-/tool-${text}.tgz`
        world.site[path] = bytes
        return {
          name: 'tool',
          version: text,
          dist: { integrity: integrityOf(bytes, 'sha512'), tarball: `${world.url}${path}` },
        }
      }
      const versions = { '1.0.0': version('1.0.0', tarball('1.0.0')), '1.1.0': version('1.1.0', NEW) }
      world.site['/tool'] = JSON.stringify({ name: 'tool', versions })
      await fuzz(world, '/tool', { indexes: ['npm:tool'] }, (text) => [`npm:tool@${text}`])
    }))

  test('of Debian', () =>
    withNew(async (world) => {
      const files = { 'tool_1.1.0.orig.tar.gz': NEW }
      await signArchive(
        world.site,
        [{ name: 'tool', version: '1.1.0-1', directory: 'pool/main/t/tool', files }],
        [signer],
      )
      await fuzz(world, '/dists/trixie/InRelease', { indexes: ['debian:tool'] })
    }))

  test('signatures and checksums', () =>
    withNew(async (world) => {
      const indexes = [`${world.url}/`]
      world.site[`/${FILE}.asc`] = await detached(NEW, signer)
      await fuzz(world, `/${FILE}.asc`, { indexes, signatures: [rule('openpgp', '.asc')] })
      world.site[`/${FILE}.minisig`] = small.minisign(NEW)
      await fuzz(world, `/${FILE}.minisig`, {
        indexes,
        signatures: [{ ...rule('minisign', '.minisig'), keys: ['small'] }],
      })
      world.site[`/${FILE}.sig`] = small.signify(NEW)
      await fuzz(world, `/${FILE}.sig`, { indexes, signatures: [{ ...rule('signify', '.sig'), keys: ['small'] }] })
      world.site['/SUMS'] = `${createHash('sha256').update(NEW).digest('hex')}  ${FILE}\n`
      await fuzz(world, '/SUMS', { indexes, checksums: [{ url: `${world.url}/SUMS`, signatures: [] }] })
    }))
})
