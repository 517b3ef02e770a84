import { ByteReader } from '../archive/byte-reader.ts'
import { decompress } from '../archive/decompress.ts'
import { Budget, DEFAULT_LIMITS } from '../archive/limits.ts'
import type { Digest } from '../model/digest.ts'
import type { SignatureRule, Voucher } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { ask } from './ask.ts'
import { checkMinisign, checkSignify, embeddedBySignify, type OpenContent } from './ed25519.ts'
import { checkCleartext, checkDetached, readPublicKeys } from './openpgp.ts'
import type { UpdateSession } from './session.ts'
import type { SignatureCheck } from './signature-check.ts'

/** Reads a file beside the recipe. */
export type ReadKey = (name: string) => Promise<Uint8Array>

const PACKING = /\.(gz|xz|bz2|zst|lz|Z)$/

/**
 * Those who signed a downloaded file, by the first signature of each rule that lies beside one of its URLs. None where
 * there is no signature. Throws `E_SIGNATURE` when one is wrong, `E_UPDATE_SIGNER` when it is by none of the rule's keys.
 */
export async function signersOf(
  rules: readonly SignatureRule[],
  urls: readonly string[],
  file: { readonly name: string; readonly digest: Digest },
  readKey: ReadKey,
  session: UpdateSession,
): Promise<readonly Voucher[]> {
  const vouchers: Voucher[] = []
  for (const rule of rules) {
    for (const url of urls) {
      const signed = rule.signed === 'file' ? url : url.replace(PACKING, '')
      const signature = await askSmall(signed + rule.suffix, session)
      if (signature === undefined) continue
      const content = (): AsyncIterable<Uint8Array> => contentOf(file.digest, rule.signed, session)
      const check = await checkBeside(rule, content, signature, readKey, session.config.now)
      for (const by of trusted(check, file.name)) vouchers.push({ kind: rule.kind, by, file: file.name })
      break
    }
  }
  return vouchers
}

/** A text and those who signed it, by a rule for a text at `url`. No signers where there is no signature. */
export async function signedText(
  rule: SignatureRule,
  url: string,
  text: Uint8Array,
  readKey: ReadKey,
  session: UpdateSession,
): Promise<{ readonly text: Uint8Array; readonly signers: readonly string[] }> {
  const { now } = session.config
  if (rule.suffix !== '') {
    const signature = await askSmall(url + rule.suffix, session)
    if (signature === undefined) return { text, signers: [] }
    const check = await checkBeside(rule, () => once(text), signature, readKey, now)
    return { text, signers: trusted(check, url) }
  }
  const keys = await Promise.all(rule.keys.map(readKey))
  if (rule.kind === 'openpgp') {
    const found = await checkCleartext(text, await readPublicKeys(keys), { now, mustLive: false })
    return { text: Buffer.from(found.text), signers: trusted(found.check, url) }
  }
  const inside = embeddedBySignify(text)
  return { text: inside, signers: trusted(await checkSignify(() => once(inside), text, keys), url) }
}

async function checkBeside(
  rule: SignatureRule,
  content: OpenContent,
  signature: Uint8Array,
  readKey: ReadKey,
  now: number,
): Promise<SignatureCheck> {
  const keys = await Promise.all(rule.keys.map(readKey))
  if (rule.kind === 'minisign') return checkMinisign(content, signature, keys)
  if (rule.kind === 'signify') return checkSignify(content, signature, keys)
  return checkDetached(content(), signature, await readPublicKeys(keys), { now, mustLive: false })
}

function trusted({ good, bad, unknown }: SignatureCheck, what: string): readonly string[] {
  if (bad.length > 0) {
    throw new MrrlError('E_SIGNATURE', `the signature of ${what} is wrong`, { fields: { file: what, key: bad } })
  }
  if (good.length > 0) return good
  throw new MrrlError('E_UPDATE_SIGNER', `${what} is signed by a key that the recipe does not name`, {
    fields: { file: what, key: unknown },
  })
}

async function* contentOf(
  digest: Digest,
  signed: SignatureRule['signed'],
  { store }: UpdateSession,
): AsyncGenerator<Uint8Array> {
  const outer = new ByteReader(store.blobs.stream(digest))
  const { reader } = signed === 'file' ? { reader: outer } : await decompress(outer, new Budget(DEFAULT_LIMITS))
  try {
    yield* reader.rest()
  } finally {
    await reader.close()
    if (reader !== outer) await outer.close()
  }
}

/** A small file that a recipe names; where it moves to does not matter, for it is checked or compared. */
export async function askSmall(url: string, { config }: UpdateSession): Promise<Uint8Array | undefined> {
  return ask({ url, bytes: config.limits.smallBytes, headers: {}, mayMove: true }, config)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
