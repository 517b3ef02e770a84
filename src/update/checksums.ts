import { createHash } from 'node:crypto'
import { parseLocation } from '../fetch/locations.ts'
import { type Digest, hashOf } from '../model/digest.ts'
import type { ChecksumRule, Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { tooMuch } from './ask.ts'
import type { UpdateSession } from './session.ts'
import { askSmall, type ReadKey, signedText } from './signatures.ts'

/** Hashes that upstream publishes for one version. */
export interface Published {
  /** Where they are. */
  readonly url: string
  /** SHA-256 or SHA-512 in hex digits, by file name. */
  readonly hashes: ReadonlyMap<string, string>
  /** Who signed them, and how. */
  readonly signers: readonly Pick<Voucher, 'kind' | 'by'>[]
}

const LONGEST_LINE = 1024
/** The lines of `sha256sum`, and those of `sha256sum --tag` and BSD. */
const PLAIN = /^([0-9a-f]{128}|[0-9a-f]{64}) [ *](?:\.\/)?([^\s/]+)$/
const TAGGED = /^SHA(?:256|512) \(([^()\s/]+)\) = ([0-9a-f]{128}|[0-9a-f]{64})$/

/**
 * Reads the checksum files of a version; one that is not there, or lacks the signature that its rule asks for, does not
 * count. Throws `E_SIGNATURE`, `E_UPDATE_SIGNER` or `E_INDEX*`.
 */
export async function publishedHashes(
  rules: readonly ChecksumRule[],
  version: string,
  readKey: ReadKey,
  session: UpdateSession,
): Promise<readonly Published[]> {
  const published: Published[] = []
  for (const rule of rules) {
    const url = rule.url.replaceAll('{version}', version)
    if (parseLocation(url).kind !== 'url') throw new MrrlError('E_RECIPE_INVALID', `no URL of checksums: ${rule.url}`)
    let text = await askSmall(url, session)
    if (text === undefined) continue
    const signers: Pick<Voucher, 'kind' | 'by'>[] = []
    for (const signature of rule.signatures) {
      const found: Awaited<ReturnType<typeof signedText>> = await signedText(signature, url, text, readKey, session)
      text = found.text
      for (const by of found.signers) signers.push({ kind: signature.kind, by })
    }
    if (rule.signatures.length > 0 && signers.length === 0) continue
    published.push({ url, hashes: parseHashes(text, url, session.config.limits.entries), signers })
  }
  return published
}

/** Those who publish the hash of this file. Throws `E_INTEGRITY` when one publishes another hash. */
export async function vouchersByHash(
  published: readonly Published[],
  file: { readonly name: string; readonly digest: Digest },
  session: UpdateSession,
): Promise<readonly Voucher[]> {
  const vouchers: Voucher[] = []
  for (const { url, hashes, signers } of published) {
    const expected = hashes.get(file.name)
    if (expected === undefined) continue
    const got = expected.length === 64 ? hashOf(file.digest) : await sha512Of(file.digest, session)
    if (got !== expected) {
      throw new MrrlError('E_INTEGRITY', `${file.name} is not what upstream's checksums say`, {
        fields: { from: url, expected, got },
        hint: 'Nothing was changed. Find out which of the two is right before you take either.',
      })
    }
    vouchers.push({ kind: 'checksum', by: url, file: file.name })
    for (const signer of signers) vouchers.push({ ...signer, file: file.name })
  }
  return vouchers
}

function parseHashes(text: Uint8Array, url: string, most: number): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>()
  for (const line of Buffer.from(text).toString('utf8').split(/\r?\n/)) {
    if (line.length > LONGEST_LINE) continue
    const plain = PLAIN.exec(line)
    const tagged = TAGGED.exec(line)
    const [name, hash] = plain === null ? [tagged?.[1], tagged?.[2]] : [plain[2], plain[1]]
    if (name === undefined || hash === undefined) continue
    if (hashes.size >= most) throw tooMuch(url, `it has more than ${most} checksums`)
    // A name with two hashes is either a list of both kinds or a trick: the stronger is kept, and must be the only one.
    const known = hashes.get(name)
    if (known !== undefined && known.length === hash.length && known !== hash) {
      throw new MrrlError('E_INDEX_REFUSED', `a checksum file has two hashes for ${name}`, { fields: { from: url } })
    }
    if (known === undefined || known.length < hash.length) hashes.set(name, hash)
  }
  return hashes
}

async function sha512Of(digest: Digest, { store }: UpdateSession): Promise<string> {
  const hash = createHash('sha512')
  for await (const piece of store.blobs.stream(digest)) hash.update(piece)
  return hash.digest('hex')
}
