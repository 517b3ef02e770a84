import { fetchBlob } from '../fetch/fetch-source.ts'
import { parseLocation } from '../fetch/locations.ts'
import { type Digest, hashOf, sizeOf } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { FoundVersion, Update, Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { type Published, publishedHashes, vouchersByHash } from './checksums.ts'
import { type Current, cannotUpdate } from './current.ts'
import { areIndependent, checkHosts } from './hosts.ts'
import type { Index } from './index-answer.ts'
import { changedFiles, licenseFiles } from './license-files.ts'
import { fileNameOf } from './name-pattern.ts'
import { type Obtained, obtain } from './obtain.ts'
import { rerolled } from './rerolled.ts'
import type { UpdateSession } from './session.ts'
import { signersOf } from './signatures.ts'
import { checkSigners } from './signers.ts'

/** Exit status of all errors of the network. */
const NETWORK_EXIT = 5

/** Downloads a version that is newer, and finds out who vouches for each of its files. Throws as `findUpdate`. */
export async function takeVersion(
  current: Current,
  version: string,
  indexes: readonly Index[],
  session: UpdateSession,
): Promise<Update> {
  const { name, sources: before, rules } = current
  const after = current.sourcesOf(version)
  if (after.length !== before.length) throw cannotUpdate(name, 'another version has more or fewer sources')
  checkHosts(name, before, after)
  const found = await describeAll(indexes, version)
  checkNamed(after, found)
  const published = await publishedHashes(rules.checksums, version, current.readKey, session)
  const taken: Taken[] = []
  for (const [at, source] of after.entries()) {
    const old = before[at] as Source
    if (!isSamePlace(source, old)) taken.push(await takeSource(source, old, found, published, current, session))
    else taken.push({ source: old, file: '', vouchers: [], licenses: [] })
  }
  const fresh = taken.filter(({ file }) => file !== '')
  if (fresh.length === 0) throw cannotUpdate(name, 'no location of its sources depends on the version')
  const vouchers = fresh.flatMap((each) => each.vouchers)
  checkSigners(name, current.vouchers, vouchers)
  return {
    name,
    before: current.version,
    after: version,
    indexes: found.map(({ index }) => index),
    sources: taken.map(({ source }) => source),
    vouchers,
    unvouched: fresh.filter((each) => each.vouchers.length === 0).map(({ file }) => file),
    license: {
      before: licenseIn(await describeAll(indexes, current.version)),
      after: licenseIn(found),
      files: [...new Set(fresh.flatMap(({ licenses }) => licenses))],
    },
    sizeBefore: sum(before),
    sizeAfter: sum(taken.map(({ source }) => source)),
  }
}

/** A source of the new version; `file` is '' for one that stays as it is. */
interface Taken {
  readonly source: Source
  readonly file: string
  readonly vouchers: readonly Voucher[]
  readonly licenses: readonly string[]
}

async function takeSource(
  source: Source,
  before: Source,
  found: readonly FoundVersion[],
  published: readonly Published[],
  current: Current,
  session: UpdateSession,
): Promise<Taken> {
  const stated = found.flatMap(({ files }) => files).find(({ location }) => source.from.includes(location))
  const obtained = await obtain(source, before, stated, session)
  const { digest, integrity } = obtained
  const names = [...new Set(source.from.map(nameOf))]
  const file = names[0] ?? ''
  const urls = source.from.filter((location) => parseLocation(location).kind === 'url')
  const vouchers = [
    ...byIndex(found, obtained, file),
    ...(await signersOf(current.rules.signatures, urls, { name: file, digest }, current.readKey, session)),
    ...(await byHash(published, names, digest, session)),
    ...bySecondPlace(obtained, file),
  ]
  const licenses = await changedLicenses(before, digest, session)
  return { source: { ...source, integrity, size: sizeOf(digest) }, file, vouchers: unique(vouchers), licenses }
}

/** Those who signed for these bytes in an index, under whatever name it has them. */
function byIndex(found: readonly FoundVersion[], { digest, integrity }: Obtained, file: string): Voucher[] {
  const same = new Set([integrity, `sha256-${Buffer.from(hashOf(digest), 'hex').toString('base64')}`])
  return found.flatMap(({ files, vouchers }) => {
    const names = files.filter((each) => same.has(each.integrity)).map(({ location }) => nameOf(location))
    return vouchers.filter((voucher) => names.includes(voucher.file)).map((voucher) => ({ ...voucher, file }))
  })
}

async function byHash(
  published: readonly Published[],
  names: readonly string[],
  digest: Digest,
  session: UpdateSession,
): Promise<readonly Voucher[]> {
  const found = await Promise.all(names.map((name) => vouchersByHash(published, { name, digest }, session)))
  return found.flat()
}

function bySecondPlace({ hosts: [first, ...others] }: Obtained, file: string): Voucher[] {
  const independent = others.filter((host) => first !== undefined && areIndependent(first, host))
  return independent.map((by) => ({ kind: 'second location', by, file }))
}

function unique(vouchers: readonly Voucher[]): readonly Voucher[] {
  return [...new Map(vouchers.map((voucher) => [`${voucher.kind} ${voucher.by}`, voucher])).values()]
}

/** Licence files that changed; all of the new ones when the old archive cannot be had any more. */
async function changedLicenses(before: Source, after: Digest, session: UpdateSession): Promise<readonly string[]> {
  const now = await licenseFiles(after, session.store)
  try {
    const old = await fetchBlob(before, session.store, session.config.fetch, { signal: session.config.signal })
    return changedFiles(await licenseFiles(old, session.store), now)
  } catch (error) {
    if (!(error instanceof MrrlError)) throw error
    const { got, from } = error.fields
    if (error.code === 'E_INTEGRITY') throw rerolled(before, String(got), String(from))
    if (error.code === 'E_FETCH_SIZE') throw rerolled(before, `more than ${before.size} bytes`, String(from))
    if (error.exit === NETWORK_EXIT) return [...now.keys()]
    throw error
  }
}

async function describeAll(indexes: readonly Index[], version: string): Promise<readonly FoundVersion[]> {
  const having = indexes.filter(({ versions }) => versions.includes(version))
  return Promise.all(having.map((index) => index.describe(version)))
}

/** An index that has the version under other names than the recipe makes of it would else vouch for nothing, unseen. */
function checkNamed(sources: readonly Source[], found: readonly FoundVersion[]): void {
  const locations = sources.flatMap(({ from }) => from)
  for (const { index, files } of found) {
    const has = files.map(({ location }) => location)
    const kind = index.slice(0, index.indexOf(':') + 1)
    const recipe = locations.filter((location) => location.startsWith(kind))
    if (has.length === 0 || recipe.length === 0 || recipe.some((location) => has.includes(location))) continue
    throw new MrrlError('E_INDEX', `${index} has this version under other names than the recipe`, {
      fields: { has, recipe },
      hint: 'Correct the locations in the recipe: an archive that Debian packed anew may have got another suffix.',
    })
  }
}

function licenseIn(found: readonly FoundVersion[]): string {
  return found.map(({ license }) => license).find((license) => license !== '') ?? ''
}

function nameOf(location: string): string {
  const parsed = parseLocation(location)
  return parsed.kind === 'npm' ? `${parsed.name.split('/').at(-1)}-${parsed.version}.tgz` : fileNameOf(location)
}

function isSamePlace(a: Source, b: Source): boolean {
  return a.from.length === b.from.length && a.from.every((location, at) => location === b.from[at])
}

function sum(sources: readonly Source[]): number {
  return sources.reduce((total, { size }) => total + size, 0)
}
