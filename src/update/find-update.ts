import { fetchBlob } from '../fetch/fetch-source.ts'
import { parseLocation } from '../fetch/locations.ts'
import { type Digest, sizeOf } from '../model/digest.ts'
import type { Source } from '../model/recipe.ts'
import type { FoundFile, FoundVersion, Update, UpdateRules, Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { isInRange } from '../util/version.ts'
import { type Published, publishedHashes, vouchersByHash } from './checksums.ts'
import { areIndependent, checkHosts } from './hosts.ts'
import type { Index } from './index-answer.ts'
import { openIndex } from './indexes.ts'
import { changedFiles, licenseFiles } from './license-files.ts'
import { fileNameOf } from './name-pattern.ts'
import { type Obtained, obtain } from './obtain.ts'
import { checkPlaces, checkPublished, checkStated } from './rerolled.ts'
import type { UpdateSession } from './session.ts'
import { type ReadKey, signersOf } from './signatures.ts'
import { checkSigners } from './signers.ts'
import { compareVersions, newestOf, parseVersion, type Version } from './version.ts'

/** A package as it is locked now, and how it may change. */
export interface Current {
  readonly name: string
  readonly version: string
  readonly sources: readonly Source[]
  /** Who vouched for this version; none when that is not on record. */
  readonly vouchers: readonly Voucher[]
  readonly rules: UpdateRules
  /** The sources of another version, in the same order; their integrity and size do not matter. */
  readonly sourcesOf: (version: string) => readonly Source[]
  readonly readKey: ReadKey
}

/**
 * Finds the newest version in range, downloads it into the store and says who vouches for it; undefined when what is
 * locked is the newest. An index that cannot be reached is left out as long as another answers.
 * Throws `E_INDEX*`, `E_SIGNATURE`, `E_INTEGRITY`, `E_FETCH*`, `E_ARCHIVE*`, and
 * - `E_UPDATE_DOWNGRADE` when all that is offered, or all that is in range, is older;
 * - `E_UPDATE_HOST` when the new version lies elsewhere;
 * - `E_UPDATE_SIGNER` when another key signed it, or none does any longer;
 * - `E_UPDATE_REROLLED` when the locked version is another file by now.
 */
export async function findUpdate(current: Current, session: UpdateSession): Promise<Update | undefined> {
  const { name, rules } = current
  const own = parseVersion(current.version)
  if (own === undefined) throw invalid(name, `its version ${current.version} cannot be compared with others`)
  const indexes = await openAll(current, session)
  const newest = newestOf(
    indexes.flatMap(({ versions }) => versions),
    rules.range,
    session.config.pre,
  )
  await checkCurrent(current, indexes, session)
  checkDirection(current, own, newest, indexes)
  if (newest === undefined || compareVersions(newest, own) <= 0) {
    await checkPlaces(current.sources, session)
    return undefined
  }
  return takeVersion(current, newest.text, indexes, session)
}

async function openAll({ name, version, sources, rules }: Current, session: UpdateSession): Promise<readonly Index[]> {
  const subject = { name, version, sources, pattern: rules.pattern }
  const indexes: Index[] = []
  const failures: MrrlError[] = []
  for (const text of rules.indexes) {
    try {
      indexes.push(await openIndex(text, subject, session))
    } catch (error) {
      if (!(error instanceof MrrlError) || error.code !== 'E_INDEX') throw error
      failures.push(error)
      session.config.onUnusable(name, text, error)
    }
  }
  const [first] = failures
  if (first !== undefined && indexes.length === 0) throw first
  return indexes
}

/** What is said of the locked version by now must be what is locked. */
async function checkCurrent(current: Current, indexes: readonly Index[], session: UpdateSession): Promise<void> {
  const { version, sources, rules, readKey } = current
  for (const index of indexes.filter(({ versions }) => versions.includes(version))) {
    checkStated(sources, (await index.describe(version)).files)
  }
  checkPublished(sources, await publishedHashes(rules.checksums, version, readKey, session))
}

function checkDirection(
  { name, version, rules }: Current,
  own: Version,
  newest: Version | undefined,
  indexes: readonly Index[],
): void {
  if (newest !== undefined && compareVersions(newest, own) >= 0) return
  const isOut = newest !== undefined && !isInRange(version, rules.range)
  const gone = indexes.find((index) => index.isLasting && isOlder(index, own))
  const isBehind = gone !== undefined && !indexes.some((index) => !isOlder(index, own))
  if (!isOut && !isBehind) return
  const offered = newest?.text ?? gone?.versions[0] ?? ''
  const why = isOut ? `the newest in range (${rules.range}) is ${offered}` : `${gone?.name} has only older versions`
  throw new MrrlError('E_UPDATE_DOWNGRADE', `${name} is at ${version}, but ${why}`, {
    fields: { before: version, after: offered, range: rules.range },
  })
}

/** True when an index has versions, and all are older. */
function isOlder({ versions }: Index, own: Version): boolean {
  const parsed = versions.map(parseVersion).filter((each) => each !== undefined)
  return parsed.length > 0 && parsed.every((each) => compareVersions(each, own) < 0)
}

async function takeVersion(
  current: Current,
  version: string,
  indexes: readonly Index[],
  session: UpdateSession,
): Promise<Update> {
  const { name, sources: before, rules, readKey } = current
  const after = current.sourcesOf(version)
  if (after.length !== before.length) throw invalid(name, 'another version must not have more or fewer sources')
  const changed = after.map((source, at) => !isSamePlace(source, before[at]))
  if (!changed.includes(true)) throw invalid(name, 'no location of its sources depends on the version')
  checkHosts(name, before, after)
  const found = await describeAll(indexes, version)
  checkNamed(after, found)
  const published = await publishedHashes(rules.checksums, version, readKey, session)
  const taken = await Promise.all(
    after.map((source, at) =>
      changed[at]
        ? takeSource(source, before[at] as Source, found, published, current, session)
        : keep(before[at] as Source),
    ),
  )
  const vouchers = taken.flatMap((each) => each.vouchers)
  checkSigners(name, current.vouchers, vouchers)
  return {
    name,
    before: current.version,
    after: version,
    indexes: found.map(({ index }) => index),
    sources: taken.map(({ source }) => source),
    vouchers,
    unvouched: taken.filter(({ isVouched }) => !isVouched).map(({ file }) => file),
    license: {
      before: await statedLicense(current.version, indexes),
      after: found.map(({ license }) => license).find((license) => license !== '') ?? '',
      files: [...new Set(taken.flatMap(({ licenses }) => licenses))],
    },
    sizeBefore: sum(before),
    sizeAfter: sum(taken.map(({ source }) => source)),
  }
}

interface Taken {
  readonly source: Source
  readonly file: string
  readonly vouchers: readonly Voucher[]
  readonly isVouched: boolean
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
  const names = namesOf(source)
  const file = names[0] ?? ''
  const urls = source.from.filter((location) => parseLocation(location).kind === 'url')
  const vouchers = [
    ...found.flatMap((each) => each.vouchers).filter((voucher) => names.includes(voucher.file)),
    ...(await signersOf(current.rules.signatures, urls, { name: file, digest }, current.readKey, session)),
    ...(await byHash(published, names, digest, session)),
    ...secondPlaces(obtained, file),
  ]
  const licenses = await changedLicenses(before, digest, session)
  const size = sizeOf(digest)
  return { source: { ...source, integrity, size }, file, vouchers, isVouched: vouchers.length > 0, licenses }
}

function keep(source: Source): Taken {
  return { source, file: namesOf(source)[0] ?? '', vouchers: [], isVouched: true, licenses: [] }
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

function secondPlaces({ hosts: [first, ...others] }: Obtained, file: string): Voucher[] {
  const independent = others.filter((host) => first !== undefined && areIndependent(first, host))
  return [...new Set(independent)].map((by) => ({ kind: 'second location', by, file }))
}

/** Licence files that changed; all of the new ones when the old archive cannot be had any more. */
async function changedLicenses(before: Source, after: Digest, session: UpdateSession): Promise<readonly string[]> {
  const now = await licenseFiles(after, session.store)
  if (now.size === 0 && before.size > MOST_COMPARED) return []
  try {
    const old = await fetchBlob(before, session.store, session.config.fetch)
    return changedFiles(await licenseFiles(old, session.store), now)
  } catch (error) {
    if (error instanceof MrrlError && error.exit === NETWORK_EXIT) return [...now.keys()]
    throw error
  }
}

const NETWORK_EXIT = 5
/** Archives without a licence file are not fetched again for what is most likely nothing, above this size in bytes. */
const MOST_COMPARED = 64 << 20

async function describeAll(indexes: readonly Index[], version: string): Promise<readonly FoundVersion[]> {
  const having = indexes.filter(({ versions }) => versions.includes(version))
  return Promise.all(having.map((index) => index.describe(version)))
}

/** An index that has the version under other names than the recipe makes of it would otherwise vouch for nothing, unseen. */
function checkNamed(sources: readonly Source[], found: readonly FoundVersion[]): void {
  const locations = new Set(sources.flatMap(({ from }) => from))
  for (const { index, files } of found) {
    if (files.length === 0 || files.some(({ location }) => locations.has(location))) continue
    throw new MrrlError('E_INDEX', `${index} has this version under other names than the recipe`, {
      fields: { has: files.map(({ location }: FoundFile) => location), recipe: [...locations] },
      hint: 'Correct the locations in the recipe: a repacked archive has often a new suffix.',
    })
  }
}

async function statedLicense(version: string, indexes: readonly Index[]): Promise<string> {
  const found = await describeAll(indexes, version)
  return found.map(({ license }) => license).find((license) => license !== '') ?? ''
}

function namesOf({ from }: Source): string[] {
  return [...new Set(from.map(nameOf))]
}

function nameOf(location: string): string {
  const parsed = parseLocation(location)
  return parsed.kind === 'npm' ? `${parsed.name.split('/').at(-1)}-${parsed.version}.tgz` : fileNameOf(location)
}

function isSamePlace(a: Source, b: Source | undefined): boolean {
  return b !== undefined && a.from.length === b.from.length && a.from.every((location, at) => location === b.from[at])
}

function sum(sources: readonly Source[]): number {
  return sources.reduce((total, { size }) => total + size, 0)
}

function invalid(name: string, why: string): MrrlError {
  return new MrrlError('E_RECIPE_INVALID', `${name} cannot be updated: ${why}`, { fields: { package: name } })
}
