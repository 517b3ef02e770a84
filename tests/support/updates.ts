import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createCleartextMessage, createMessage, generateKey, type PrivateKey, sign as signOpenPgp } from 'openpgp'
import type { Source } from '../../src/model/recipe.ts'
import type { SignatureRule, Update, UpdateRules } from '../../src/model/update.ts'
import { UPDATE_LIMITS, UPSTREAM_HOSTS, type UpdateConfig } from '../../src/update/config.ts'
import type { Current } from '../../src/update/current.ts'
import { findUpdate } from '../../src/update/find-update.ts'
import { openUpdateSession, type UpdateSession } from '../../src/update/session.ts'
import { fetchConfig, integrityOf, type TestServer, withServer } from './http-server.ts'
import { tarBytes } from './tar-bytes.ts'
import { withStore } from './unpack.ts'

/** The time at which all of these tests happen, in milliseconds since 1970. */
export const NOW: number = Date.UTC(2026, 0, 1)

/** Paths that a server answers, with what; 404 for others. */
export type Site = Record<string, string | Uint8Array>

/** A server with a site, and a session that may be changed. */
export interface World extends TestServer {
  readonly site: Site
  readonly session: UpdateSession
  /** The session with other settings. */
  readonly with: (options: Partial<UpdateConfig>) => UpdateSession
}

/** Runs `body` with a server on loopback and an empty store. */
export async function withWorld<T>(body: (world: World) => Promise<T>): Promise<T> {
  const site: Site = {}
  return withServer(
    (request, response) => {
      const path = request.url ?? ''
      const content = [path, decodeURIComponent(path)]
        .map((each) => (Object.hasOwn(site, each) ? site[each] : undefined))
        .find((each) => each !== undefined)
      if (content === undefined) response.writeHead(404).end()
      else response.end(content)
    },
    (server) =>
      withStore(async (store) => {
        const config = (options: Partial<UpdateConfig>): UpdateConfig => ({
          fetch: fetchConfig({ npm: { registry: async () => server.url, authorization: () => undefined } }),
          debianArchives: async () => [],
          hosts: UPSTREAM_HOSTS,
          now: NOW,
          pre: false,
          limits: UPDATE_LIMITS,
          signal: new AbortController().signal,
          onUnusable: () => undefined,
          ...options,
        })
        const open = (options: Partial<UpdateConfig>): UpdateSession => openUpdateSession(config(options), store)
        return body({ ...server, site, session: open({}), with: open })
      }),
  )
}

/** A source tarball that differs from version to version. */
export function tarball(version: string, files: Readonly<Record<string, string>> = {}): Buffer {
  const entries = Object.entries({ COPYING: 'terms\n', VERSION: `${version}\n`, ...files })
  return gzipSync(tarBytes(...entries.map(([name, content]) => ({ name: `tool-${version}/${name}`, content }))))
}

export function source(from: readonly string[], bytes: Uint8Array, algorithm?: 'sha256' | 'sha512'): Source {
  const integrity = integrityOf(bytes, algorithm)
  return { at: '', from, integrity, size: bytes.length, inner: [], strip: 1, include: [], exclude: [] }
}

/** The package `tool`, locked at 1.0, with one source at the locations of `from`. */
export function tool(
  from: (version: string) => readonly string[],
  rules: Partial<UpdateRules>,
  options: Partial<Current> & {
    readonly keys?: Readonly<Record<string, Uint8Array>>
    readonly bytes?: Uint8Array
  } = {},
): Current {
  const { keys = {}, bytes = tarball('1.0'), version = '1.0', ...rest } = options
  return {
    name: 'tool',
    version,
    sources: [source(from(version), bytes)],
    vouchers: [],
    rules: { range: '>=1.0', indexes: [], pattern: '', signatures: [], checksums: [], ...rules },
    sourcesOf: (other) => [source(from(other), bytes)],
    readKey: async (name) => keys[name] ?? new Uint8Array(),
    ...rest,
  }
}

/** The update that must be there. */
export async function findsUpdate(current: Current, session: UpdateSession): Promise<Update> {
  const update = await findUpdate(current, session)
  if (update === undefined) throw new Error('no update was found')
  return update
}

/** A directory page as Apache writes it. */
export function page(...links: readonly string[]): string {
  const rows = links.map(
    (link) => `<tr><td><a href="${link}">${link}</a></td><td align="right">2025-01-01 10:00</td></tr>`,
  )
  return `<html><body><h1>Index of /</h1><table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr>\n${rows.join('\n')}</table></body></html>`
}

/** Someone who signs with OpenPGP. */
export interface Signer {
  readonly fingerprint: string
  /** Armored. */
  readonly publicKey: Uint8Array
  readonly privateKey: PrivateKey
}

/** A key made a year before {@link NOW}, valid for `seconds`; 0 for ever. */
export async function newSigner(seconds = 0): Promise<Signer> {
  const date = new Date(NOW - 365 * 86_400_000)
  const { privateKey, publicKey } = await generateKey({
    type: 'curve25519',
    userIDs: [{ name: 'Test' }],
    date,
    keyExpirationTime: seconds,
    format: 'object',
  })
  return {
    fingerprint: publicKey.getFingerprint().toUpperCase(),
    publicKey: Buffer.from(publicKey.armor()),
    privateKey,
  }
}

/** A signature beside `content`, armored. */
export async function detached(content: Uint8Array, signer: Signer, date: Date = new Date(NOW)): Promise<string> {
  const message = await createMessage({ binary: content })
  return (await signOpenPgp({ message, signingKeys: signer.privateKey, detached: true, date })) as unknown as string
}

/** A text that is signed in itself, at a time in milliseconds since 1970. */
export async function clearsigned(text: string, signers: readonly Signer[], time: number = NOW): Promise<string> {
  const message = await createCleartextMessage({ text })
  return signOpenPgp({ message, signingKeys: signers.map(({ privateKey }) => privateKey), date: new Date(time) })
}

/** Someone who signs with Ed25519: a public key file and what signs with it. */
export interface SmallSigner {
  /** As signify and minisign write it. */
  readonly publicKey: Uint8Array
  /** The line that people publish. */
  readonly line: string
  readonly signify: (content: Uint8Array) => string
  readonly minisign: (content: Uint8Array, form?: 'Ed' | 'ED') => string
}

/** A key pair with an id of its own. */
export function newSmallSigner(id: string): SmallSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const block = (form: string, rest: Uint8Array): string =>
    Buffer.concat([Buffer.from(form), Buffer.from(id.padEnd(8)), rest]).toString('base64')
  const line = block('Ed', raw)
  return {
    line,
    publicKey: Buffer.from(`untrusted comment: test key\n${line}\n`),
    signify: (content) => `untrusted comment: by test\n${block('Ed', sign(null, content, privateKey))}\n`,
    minisign: (content, form = 'ED') => {
      const signed = form === 'ED' ? createHash('blake2b512').update(content).digest() : content
      const signature = sign(null, signed, privateKey)
      const comment = 'timestamp:1'
      const whole = sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey).toString('base64')
      return `untrusted comment: x\n${block(form, signature)}\ntrusted comment: ${comment}\n${whole}\n`
    },
  }
}

/** A rule for a signature beside the file, by the key `key`. */
export function rule(kind: SignatureRule['kind'], suffix: string): SignatureRule {
  return { kind, suffix, signed: 'file', keys: ['key'] }
}
