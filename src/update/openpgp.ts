import {
  type CleartextMessage,
  createMessage,
  type Key,
  readCleartextMessage,
  readKeys,
  readSignature,
  verify,
} from 'openpgp'
import { MrrlError } from '../util/errors.ts'
import type { SignatureCheck } from './signature-check.ts'

/** How far the clocks of signer and reader may be apart, in milliseconds. */
const SKEW = 24 * 3600 * 1000
const DASHES = '-----BEGIN PGP '

/** Options of both checks. */
export interface OpenPgpOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Holds keys that have expired since they signed for unknown. */
  readonly mustLive: boolean
}

/** Public keys of files, binary or armored. Throws `E_SIGNATURE` for a file that holds none. */
export async function readPublicKeys(files: readonly Uint8Array[]): Promise<readonly Key[]> {
  const keys: Key[] = []
  for (const file of files) {
    try {
      keys.push(
        ...(isArmored(file) ? await readKeys({ armoredKeys: textOf(file) }) : await readKeys({ binaryKeys: file })),
      )
    } catch (error) {
      throw new MrrlError('E_SIGNATURE', 'a file of OpenPGP keys cannot be read', { cause: error })
    }
  }
  return keys
}

/** Checks a signature, binary or armored, that lies beside what it signs. Throws `E_SIGNATURE` when it is none. */
export async function checkDetached(
  content: AsyncIterable<Uint8Array>,
  signature: Uint8Array,
  keys: readonly Key[],
  options: OpenPgpOptions,
): Promise<SignatureCheck> {
  const read = isArmored(signature)
    ? readSignature({ armoredSignature: textOf(signature) })
    : readSignature({ binarySignature: signature })
  const parsed = await read.catch(noSignature)
  const message = await createMessage({ binary: ReadableStream.from(content) as never })
  const date = new Date(options.now + SKEW)
  const asked = { message, signature: parsed, verificationKeys: [...keys], date, format: 'binary' as const }
  const result = await verify(asked).catch(noSignature)
  // The signatures are checked while the content is read: by a reader, for openpgp's streams are no iterables.
  const reader = (result.data as unknown as ReadableStream<Uint8Array>).getReader()
  while (!(await reader.read()).done);
  return judge(result.signatures, keys, options)
}

/** Checks a text that is signed in itself, and gives what is signed of it: nothing before, between or behind. */
export async function checkCleartext(
  bytes: Uint8Array,
  keys: readonly Key[],
  options: OpenPgpOptions,
): Promise<{ readonly text: string; readonly check: SignatureCheck }> {
  const message: CleartextMessage = await readCleartextMessage({ cleartextMessage: textOf(bytes) }).catch(noSignature)
  const date = new Date(options.now + SKEW)
  const result = await verify({ message, verificationKeys: [...keys], date }).catch(noSignature)
  return { text: result.data, check: await judge(result.signatures, keys, options) }
}

async function judge(
  results: Awaited<ReturnType<typeof verify>>['signatures'],
  keys: readonly Key[],
  { now, mustLive }: OpenPgpOptions,
): Promise<SignatureCheck> {
  const check = { good: [] as string[], bad: [] as string[], unknown: [] as string[] }
  for (const { keyID, verified } of results) {
    const key = keys.find((candidate) => candidate.getKeys(keyID).length > 0)
    // Settled in any case, or it ends the process later.
    const isValid = await verified.then(
      () => true,
      () => false,
    )
    if (key === undefined) check.unknown.push(keyID.toHex().toUpperCase())
    else if (!isValid) check.bad.push(fingerprintOf(key))
    else if (mustLive && !(await isAlive(key, now))) check.unknown.push(fingerprintOf(key))
    else check.good.push(fingerprintOf(key))
  }
  return check
}

async function isAlive(key: Key, now: number): Promise<boolean> {
  const end = await key.getExpirationTime()
  return end !== null && Number(end) > now && !(await key.isRevoked(undefined, undefined, new Date(now)))
}

function fingerprintOf(key: Key): string {
  return key.getFingerprint().toUpperCase()
}

function noSignature(error: unknown): never {
  throw new MrrlError('E_SIGNATURE', 'what should be an OpenPGP signature is none', { cause: error })
}

function isArmored(bytes: Uint8Array): boolean {
  return textOf(bytes.subarray(0, 4096)).includes(DASHES)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
