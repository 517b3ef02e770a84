import { createHash, createPublicKey, verify } from 'node:crypto'
import { MrrlError } from '../util/errors.ts'
import type { SignatureCheck } from './signature-check.ts'

/** Bytes of `<algorithm><key id><rest>`, the one structure of keys and signatures of signify and minisign. */
const ALGORITHM_BYTES = 2
const ID_BYTES = 8
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** Most content that is signed as it is, unhashed: all of it is held in memory. */
const MOST_BYTES = 512 << 20

interface Block {
  /** The whole in base64, as people publish their keys. */
  readonly text: string
  readonly algorithm: string
  /** Key id as minisign shows it: 16 hex digits, most significant first. */
  readonly id: string
  readonly rest: Uint8Array
}

/** Content to check, opened when it is needed. */
export type OpenContent = () => AsyncIterable<Uint8Array>

/**
 * Checks a `.sig` of signify(1): a comment, then base64 of `Ed`, key id and Ed25519 signature of the content.
 * Throws `E_SIGNATURE` for what is none, as for keys that are none.
 */
export async function checkSignify(
  open: OpenContent,
  signature: Uint8Array,
  keys: readonly Uint8Array[],
): Promise<SignatureCheck> {
  const [comment, line] = linesOf(signature)
  if (!comment?.startsWith('untrusted comment: ')) throw noSignature('a signify signature')
  const block = readBlock(line, SIGNATURE_BYTES)
  if (block?.algorithm !== 'Ed') throw noSignature('a signify signature')
  const key = findKey(keys, block.id)
  if (key === undefined) return unknown(block.id)
  return judge(key, isSigned(await contentOf(open), block.rest, key))
}

/** The message behind a signature of `signify -e`, in which both are one file. */
export function embeddedBySignify(signature: Uint8Array): Uint8Array {
  const first = signature.indexOf(0x0a)
  const second = first < 0 ? -1 : signature.indexOf(0x0a, first + 1)
  return second < 0 ? new Uint8Array(0) : signature.subarray(second + 1)
}

/**
 * Checks a `.minisig`: like signify, or with `ED` a signature of the content's BLAKE2b-512; then a trusted comment with
 * a signature of its own over signature and comment. Throws `E_SIGNATURE` for what is none.
 */
export async function checkMinisign(
  open: OpenContent,
  signature: Uint8Array,
  keys: readonly Uint8Array[],
): Promise<SignatureCheck> {
  const [comment, line, trusted, global] = linesOf(signature)
  const block = readBlock(line, SIGNATURE_BYTES)
  const mark = 'trusted comment: '
  const whole = decode(global)
  if (!comment?.startsWith('untrusted comment: ') || !trusted?.startsWith(mark) || whole?.length !== SIGNATURE_BYTES) {
    throw noSignature('a minisign signature')
  }
  if (block?.algorithm !== 'Ed' && block?.algorithm !== 'ED') throw noSignature('a minisign signature')
  const key = findKey(keys, block.id)
  if (key === undefined) return unknown(block.id)
  const signed = block.algorithm === 'ED' ? await hashOf(open) : await contentOf(open)
  const isWhole = isSigned(Buffer.concat([block.rest, Buffer.from(trusted.slice(mark.length))]), whole, key)
  return judge(key, isWhole && isSigned(signed, block.rest, key))
}

function isSigned(content: Uint8Array, signature: Uint8Array, key: Block): boolean {
  const x = Buffer.from(key.rest).toString('base64url')
  return verify(null, content, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature)
}

/** The key with this id; throws `E_SIGNATURE` for a file that holds none. */
function findKey(files: readonly Uint8Array[], id: string): Block | undefined {
  for (const file of files) {
    const lines = linesOf(file)
    const block = readBlock(lines[0]?.startsWith('untrusted comment: ') ? lines[1] : lines[0], KEY_BYTES)
    if (block?.algorithm !== 'Ed')
      throw new MrrlError('E_SIGNATURE', 'a file of signify or minisign keys cannot be read')
    if (block.id === id) return block
  }
  return undefined
}

function readBlock(line: string | undefined, restBytes: number): Block | undefined {
  const bytes = decode(line)
  if (bytes?.length !== ALGORITHM_BYTES + ID_BYTES + restBytes) return undefined
  const id = Buffer.from(bytes.subarray(ALGORITHM_BYTES, ALGORITHM_BYTES + ID_BYTES))
    .reverse()
    .toString('hex')
  return {
    text: Buffer.from(bytes).toString('base64'),
    algorithm: Buffer.from(bytes.subarray(0, ALGORITHM_BYTES)).toString('latin1'),
    id: id.toUpperCase(),
    rest: bytes.subarray(ALGORITHM_BYTES + ID_BYTES),
  }
}

function decode(line: string | undefined): Uint8Array | undefined {
  if (line === undefined || !/^[A-Za-z0-9+/]{1,200}={0,2}$/.test(line)) return undefined
  return Buffer.from(line, 'base64')
}

async function hashOf(open: OpenContent): Promise<Uint8Array> {
  const hash = createHash('blake2b512')
  for await (const piece of open()) hash.update(piece)
  return hash.digest()
}

async function contentOf(open: OpenContent): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of open()) {
    size += piece.length
    if (size > MOST_BYTES) throw new MrrlError('E_INDEX_LIMIT', `a signature is of more than ${MOST_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('utf8').split(/\r?\n/, 5)
}

function judge({ text }: Block, isGood: boolean): SignatureCheck {
  return { good: isGood ? [text] : [], bad: isGood ? [] : [text], unknown: [] }
}

function unknown(id: string): SignatureCheck {
  return { good: [], bad: [], unknown: [id] }
}

function noSignature(what: string): MrrlError {
  return new MrrlError('E_SIGNATURE', `what should be ${what} is none`)
}
