import { MrrlError } from '../util/errors.ts'
import { type HttpClient, httpFailure } from './http.ts'

/** Largest answer of a registry about one package that is read, in bytes. */
const MAX_METADATA = 64 << 20

/**
 * Asks a registry where the tarball of a package is, by the short form of its metadata ("abbreviated packument").
 * Throws `E_FETCH` when the registry does not say.
 */
export async function npmTarballUrl(
  registry: string,
  name: string,
  version: string,
  headersFor: (url: string) => Record<string, string>,
  client: HttpClient,
): Promise<string> {
  const url = `${registry.replace(/\/+$/, '')}/${name.replace('/', '%2f')}`
  const headers = { accept: 'application/vnd.npm.install-v1+json, application/json;q=0.8', ...headersFor(url) }
  const metadata = await getJson(url, headers, client)
  const tarball = field(field(field(field(metadata, 'versions'), version), 'dist'), 'tarball')
  if (typeof tarball !== 'string' || !URL.canParse(tarball)) throw failure(url, `it does not know ${name}@${version}`)
  const target = new URL(tarball)
  if (target.protocol !== 'https:' && target.protocol !== new URL(registry).protocol) {
    throw failure(url, `it names a tarball over ${target.protocol}`)
  }
  return target.href
}

async function getJson(url: string, headers: Record<string, string>, client: HttpClient): Promise<unknown> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    const answer = await client.open(url, headers, AbortSignal.timeout(client.options.timeouts.total))
    for await (const piece of answer.body) {
      size += piece.length
      if (size > MAX_METADATA) throw failure(url, `it sent more than ${MAX_METADATA} bytes`)
      pieces.push(piece)
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch (error) {
    if (error instanceof MrrlError) throw error
    throw failure(url, error instanceof SyntaxError ? 'its answer is not JSON' : httpFailure(error).message, error)
  }
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

function failure(url: string, why: string, cause?: unknown): MrrlError {
  return new MrrlError('E_FETCH', `the npm registry was asked, but ${why}`, { fields: { from: url }, cause })
}
