import { below } from '../fetch/candidates.ts'
import { MrrlError } from '../util/errors.ts'
import { ask, indexError, withoutCredentials } from './ask.ts'
import type { DebianArchive } from './config.ts'
import { checkCleartext, checkDetached, readPublicKeys } from './openpgp.ts'
import type { UpdateSession } from './session.ts'
import type { SignatureCheck } from './signature-check.ts'

/** The signed list of an archive's indexes. */
export interface Release {
  /** Fingerprints of the keys that signed it. */
  readonly signers: readonly string[]
  /** Whether indexes can be had by their hash, `by-hash/SHA256/<hex>`, which never changes under a reader. */
  readonly hasByHash: boolean
  /** SHA-256 in hex digits and size in bytes, by path below the suite. */
  readonly files: ReadonlyMap<string, { readonly sha256: string; readonly size: number }>
}

/** How far the archive's clock may be ahead, in milliseconds. */
const SKEW = 24 * 3600 * 1000

/**
 * Reads `InRelease`, or `Release` with `Release.gpg`, of a suite; undefined when the archive does not have the suite.
 * Throws `E_INDEX_UNSIGNED` unless a key of the archive signed it, it is of that suite, and its time has not run out.
 */
export async function readRelease(
  archive: DebianArchive,
  suite: string,
  session: UpdateSession,
): Promise<Release | undefined> {
  const base = inArchive(archive.base, `dists/${suite}`)
  const { config } = session
  const get = (name: string): Promise<Uint8Array | undefined> =>
    ask({ url: inArchive(base, name), bytes: config.limits.bytes, headers: {}, mayMove: true }, config)
  const shown = withoutCredentials(base)
  const options = { now: config.now, mustLive: true }
  const keys = await readPublicKeys(await archive.keys())
  const inRelease = await get('InRelease')
  if (inRelease !== undefined) {
    const { text, check } = await unsignedIsNothing(shown, () => checkCleartext(inRelease, keys, options))
    return parseRelease(text, suite, signersOf(check, shown), config.now, shown)
  }
  const release = await get('Release')
  if (release === undefined) return undefined
  const signature = await get('Release.gpg')
  if (signature === undefined) throw unsigned(shown, 'it has no signature')
  const check = await unsignedIsNothing(shown, () => checkDetached(pieces(release), signature, keys, options))
  return parseRelease(Buffer.from(release).toString('utf8'), suite, signersOf(check, shown), config.now, shown)
}

/** Path or URL below an archive's base. */
export function inArchive(base: string, path: string): string {
  return base.startsWith('/') ? `${base}/${path}` : below(base, path)
}

/** The error for what is not as the archive's keys signed it. */
export function unsigned(from: string, why: string, cause?: unknown): MrrlError {
  return new MrrlError('E_INDEX_UNSIGNED', `a Debian index is not vouched for: ${why}`, { fields: { from }, cause })
}

/** An archive signs with several keys, of which a machine may know some: one that is good is enough, a bad one too much. */
function signersOf(check: SignatureCheck, shown: string): readonly string[] {
  const { good, bad, unknown } = check
  if (bad.length > 0) throw unsigned(shown, `the signature by ${bad.join(', ')} is wrong`)
  if (good.length > 0) return good
  throw unsigned(
    shown,
    unknown.length === 0 ? 'nobody signed it' : `it is signed by ${unknown.join(', ')}, unknown or expired here`,
  )
}

async function unsignedIsNothing<T>(shown: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    if (error instanceof MrrlError && error.code === 'E_SIGNATURE') throw unsigned(shown, error.message, error)
    throw error
  }
}

function parseRelease(text: string, suite: string, signers: readonly string[], now: number, shown: string): Release {
  const fields = new Map<string, string>()
  const files = new Map<string, { sha256: string; size: number }>()
  let name = ''
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) {
      const [sha256 = '', size = '', path = ''] = name === 'sha256' ? line.trim().split(/\s+/) : []
      if (/^[0-9a-f]{64}$/.test(sha256) && /^[0-9]{1,12}$/.test(size)) files.set(path, { sha256, size: Number(size) })
      continue
    }
    const colon = line.indexOf(':')
    name = line.slice(0, Math.max(0, colon)).toLowerCase()
    fields.set(name, line.slice(colon + 1).trim())
  }
  const stated = [fields.get('suite'), fields.get('codename')]
  if (!stated.includes(suite)) throw unsigned(shown, `it is of ${stated.join(' or ')}, not of ${suite}`)
  checkTimes(fields, now, shown)
  if (files.size === 0) throw indexError(shown, 'it states no SHA-256')
  return { signers, hasByHash: fields.get('acquire-by-hash') === 'yes', files }
}

/** An old list, signed once, must not be served for ever: what it leaves out may be what closes a hole. */
function checkTimes(fields: ReadonlyMap<string, string>, now: number, shown: string): void {
  const date = Date.parse(fields.get('date') ?? '')
  if (Number.isNaN(date)) throw unsigned(shown, 'it has no date')
  if (date > now + SKEW) throw unsigned(shown, `its date, ${fields.get('date')}, is to come`)
  const end = fields.get('valid-until')
  if (end !== undefined && !(Date.parse(end) > now)) throw unsigned(shown, `it was valid until ${end}`)
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
