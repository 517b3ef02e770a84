import { below, npmHeaders } from '../fetch/candidates.ts'
import { parseIntegrity } from '../fetch/integrity.ts'
import { parseLocation } from '../fetch/locations.ts'
import type { FoundVersion } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { ask, field, indexError, mustAsk, parseJson, refused, tooMuch, withoutCredentials } from './ask.ts'
import type { Index } from './index-answer.ts'
import { npmSigners } from './npm-signatures.ts'
import type { UpdateSession } from './session.ts'

/** Largest package that is taken, in bytes: the registry states no size. */
const MOST_BYTES = 1 << 30
/** The short form of a package's metadata; a registry that has only the long form sends that, which serves as well. */
const SHORT_FORM = 'application/vnd.npm.install-v1+json, application/json;q=0.8'
const LONGEST_LICENSE = 200
/** How every version of npm begins. */
const EXACT = /^[0-9]+\.[0-9]+\.[0-9]+(?:[-+]|$)/

/** Versions of a package by the metadata of the npm registry that is configured for it. Deprecated ones do not count. */
export async function openNpmIndex(text: string, name: string, session: UpdateSession): Promise<Index> {
  const { config } = session
  const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined
  const registry = await config.fetch.npm.registry(scope)
  const url = `${registry.replace(/\/+$/, '')}/${name.replace('/', '%2f')}`
  const metadata = await session.once(url, async () => {
    const headers = { accept: SHORT_FORM, ...npmHeaders(url, config.fetch) }
    const question = { url, bytes: config.limits.bytes, headers, mayMove: false }
    return parseJson(await mustAsk(question, config), url)
  })
  const shown = withoutCredentials(url)
  if (field(metadata, 'name') !== name) throw refused(shown, `it tells of another package than ${name}`)
  const versions = field(metadata, 'versions')
  if (typeof versions !== 'object' || versions === null) throw indexError(shown, 'it lists no versions')
  const texts = Object.keys(versions)
  if (texts.length > config.limits.entries) throw tooMuch(shown, `it lists ${texts.length} versions`)
  const usable = texts.filter((version) => EXACT.test(version) && !isDeprecated(field(versions, version)))
  const describe = (version: string): Promise<FoundVersion> =>
    describeVersion({ text, name, version, registry, shown }, field(versions, version), session)
  return { name: text, versions: usable, isLasting: true, describe }
}

interface Place {
  readonly text: string
  readonly name: string
  readonly version: string
  readonly registry: string
  readonly shown: string
}

async function describeVersion(place: Place, stated: unknown, session: UpdateSession): Promise<FoundVersion> {
  const { text, name, version, registry, shown } = place
  if (field(stated, 'name') !== name || field(stated, 'version') !== version) {
    throw refused(shown, `under ${JSON.stringify(version)} it tells of another package or version`)
  }
  const location = `npm:${name}@${version}`
  const dist = field(stated, 'dist')
  checkTarball(field(dist, 'tarball'), registry, shown)
  const integrity = checkIntegrity(field(dist, 'integrity'), location, shown)
  const signers = await npmSigners({ name, version, integrity, registry, shown }, field(dist, 'signatures'), session)
  const file = `${name.split('/').at(-1)}-${version}.tgz`
  return {
    version,
    index: text,
    files: [{ location, integrity, size: MOST_BYTES }],
    license: await licenseOf(stated, place, session),
    vouchers: signers.map((by) => ({ kind: 'npm registry signature', by, file })),
  }
}

/** A tarball must lie on the registry that speaks of it, and not less safely. */
function checkTarball(tarball: unknown, registry: string, shown: string): void {
  if (typeof tarball !== 'string' || !/^https?:\/\//i.test(tarball) || !URL.canParse(tarball)) {
    throw refused(shown, `it names a tarball by what is no URL: ${JSON.stringify(tarball)?.slice(0, 200)}`)
  }
  const [url, own] = [new URL(tarball), new URL(registry)]
  if (url.host !== own.host) throw refused(shown, `it names a tarball on another host (${url.host})`)
  if (url.protocol === 'http:' && own.protocol === 'https:') throw refused(shown, 'it names a tarball over plain http')
  if (url.username !== '' || url.password !== '') throw refused(shown, 'it names a tarball with credentials')
}

function checkIntegrity(integrity: unknown, location: string, shown: string): string {
  try {
    parseLocation(location)
    if (typeof integrity === 'string') return parseIntegrity(integrity).text
  } catch (error) {
    if (!(error instanceof MrrlError)) throw error
  }
  throw indexError(shown, `it states no sha256 or sha512 for ${location}`)
}

/** The short form leaves the licence out; the metadata of one version has it. */
async function licenseOf(stated: unknown, place: Place, session: UpdateSession): Promise<string> {
  const known = plainLicense(field(stated, 'license'))
  if (known !== '') return known
  const url = below(place.registry, `${place.name}/${place.version}`)
  const { config } = session
  const headers = { accept: 'application/json', ...npmHeaders(url, config.fetch) }
  const answer = await ask({ url, bytes: config.limits.bytes, headers, mayMove: false }, config)
  return answer === undefined ? '' : plainLicense(field(parseJson(answer, url), 'license'))
}

function plainLicense(license: unknown): string {
  return typeof license === 'string' && license.length <= LONGEST_LICENSE && /^[\x20-\x7e]*$/.test(license)
    ? license
    : ''
}

function isDeprecated(stated: unknown): boolean {
  const deprecated = field(stated, 'deprecated')
  return deprecated !== undefined && deprecated !== false && deprecated !== ''
}
