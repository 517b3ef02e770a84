import { createPublicKey, verify } from 'node:crypto'
import { npmHeaders } from '../fetch/candidates.ts'
import { MrrlError } from '../util/errors.ts'
import { ask, field, indexError, parseJson } from './ask.ts'
import type { UpdateSession } from './session.ts'

/** What a registry signs. */
export interface SignedPackage {
  readonly name: string
  readonly version: string
  readonly integrity: string
  readonly registry: string
  readonly shown: string
}

/** Signatures of one version that are looked at. */
const MOST_SIGNATURES = 16

/**
 * Ids of the registry's keys that signed `<name>@<version>:<integrity>` (ECDSA P-256), as npm's documentation says under
 * "registry signatures". None where the registry signs nothing. The keys come from the registry itself, so what counts
 * is that the id stays the same from one update to the next. Throws `E_SIGNATURE` when a signature is wrong.
 */
export async function npmSigners(
  signed: SignedPackage,
  signatures: unknown,
  session: UpdateSession,
): Promise<readonly string[]> {
  if (!Array.isArray(signatures) || signatures.length === 0) return []
  const { name, version, integrity, shown } = signed
  if (signatures.length > MOST_SIGNATURES) throw indexError(shown, `a version has ${signatures.length} signatures`)
  const keys = await keysOf(signed.registry, session)
  const content = Buffer.from(`${name}@${version}:${integrity}`)
  const signers: string[] = []
  for (const entry of signatures) {
    const [id, text] = [field(entry, 'keyid'), field(entry, 'sig')]
    const key = typeof id === 'string' ? keys.get(id) : undefined
    if (typeof id !== 'string' || key === undefined) continue
    if (typeof text !== 'string' || !isSigned(content, text, key)) {
      throw new MrrlError('E_SIGNATURE', `the registry's signature of ${name}@${version} is wrong`, {
        fields: { from: shown, key: id },
      })
    }
    signers.push(id)
  }
  return signers
}

/** Public keys of a registry, base64 of SubjectPublicKeyInfo, by id. Expired ones do not count. */
async function keysOf(registry: string, session: UpdateSession): Promise<ReadonlyMap<string, string>> {
  const { config } = session
  const url = `${registry.replace(/\/+$/, '')}/-/npm/v1/keys`
  return session.once(url, async () => {
    const headers = { accept: 'application/json', ...npmHeaders(url, config.fetch) }
    const answer = await ask({ url, bytes: config.limits.smallBytes, headers, mayMove: false }, config)
    const keys = answer === undefined || answer.length === 0 ? [] : field(parseJson(answer, url), 'keys')
    const known = new Map<string, string>()
    for (const entry of Array.isArray(keys) ? keys : []) {
      const [id, key, expires] = [field(entry, 'keyid'), field(entry, 'key'), field(entry, 'expires')]
      const isOld = typeof expires === 'string' && !(Date.parse(expires) > config.now)
      if (typeof id === 'string' && typeof key === 'string' && !isOld) known.set(id, key)
    }
    return known
  })
}

function isSigned(content: Uint8Array, signature: string, key: string): boolean {
  try {
    const spki = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return spki.asymmetricKeyType === 'ec' && verify('sha256', content, spki, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
