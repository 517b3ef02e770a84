import { ByteReader } from '../archive/byte-reader.ts'
import { decompress } from '../archive/decompress.ts'
import { Budget, DEFAULT_LIMITS } from '../archive/limits.ts'
import { urlCandidate } from '../fetch/candidates.ts'
import { download } from '../fetch/download.ts'
import { type Digest, makeDigest } from '../model/digest.ts'
import { MrrlError } from '../util/errors.ts'
import { mustAsk, tooMuch, withoutCredentials } from './ask.ts'
import { inArchive, type Release, unsigned } from './debian-release.ts'
import type { UpdateSession } from './session.ts'

/** One version of a source package. */
export interface DebianSource {
  /** As Debian writes it: `1:1.37.0-6`. */
  readonly version: string
  /** Folder below the archive, `pool/…`; not checked yet. */
  readonly directory: string
  /** Upstream's archives in it; not checked yet. */
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly size: number }[]
}

/** Source packages of one component, by name. */
export type DebianSources = ReadonlyMap<string, readonly DebianSource[]>

/** gzip is larger than xz by a third, and read ten times as fast. */
const PACKINGS = ['.gz', '.xz', '']
const MOST_BYTES = 256 << 20
const LONGEST_STANZA = 4 << 20

/**
 * Reads the `Sources` of a component, checked against the signed release; undefined when the suite has none.
 * Throws `E_INDEX_UNSIGNED` when it is not what the release says, `E_INDEX*` otherwise.
 */
export async function readSources(
  suiteUrl: string,
  component: string,
  release: Release,
  session: UpdateSession,
): Promise<DebianSources | undefined> {
  const folder = `${component}/source`
  for (const packing of PACKINGS) {
    const file = release.files.get(`${folder}/Sources${packing}`)
    if (file === undefined) continue
    const path = release.hasByHash ? `${folder}/by-hash/SHA256/${file.sha256}` : `${folder}/Sources${packing}`
    const url = inArchive(suiteUrl, path)
    const blob = await obtain(url, file.sha256, file.size, session)
    return parseSources(blob, withoutCredentials(url), session)
  }
  return undefined
}

/** Kept in the store by its hash: the next run needs it no second time, if the archive has not changed. */
async function obtain(url: string, sha256: string, size: number, session: UpdateSession): Promise<Digest> {
  const { store, config } = session
  const digest = makeDigest(sha256, size)
  const shown = withoutCredentials(url)
  if (size > MOST_BYTES) throw tooMuch(shown, `the release announces ${size} bytes`)
  if (await store.blobs.has(digest)) return digest
  if (url.startsWith('/')) {
    const question = { url, bytes: size, headers: {}, mayMove: true }
    const found = await store.blobs.put(await mustAsk(question, config))
    if (found !== digest) throw unsigned(shown, 'it is not what the signed release says')
    return digest
  }
  if (config.fetch.offline) throw new MrrlError('E_OFFLINE', `${shown} was not asked for (offline)`)
  const candidate = urlCandidate(url, {})
  const file = { ...candidate, name: 'Sources', size }
  const limit = AbortSignal.timeout(config.limits.time)
  try {
    const signal = AbortSignal.any([config.signal, limit])
    const found = await store.blobs.putStream(download(config.fetch.http, file, { signal }))
    if (found === digest) return digest
  } catch (error) {
    config.signal.throwIfAborted()
    if (limit.aborted) throw tooMuch(shown, `it took longer than ${config.limits.time / 1000} s`)
    if (!(error instanceof MrrlError) || error.exit === STORE_EXIT) throw error
    if (error.code === 'E_FETCH')
      throw new MrrlError('E_INDEX', `an index cannot be used: ${error.message}`, {
        cause: error,
        fields: { from: shown },
      })
    throw unsigned(shown, 'it is longer than the signed release says', error)
  }
  throw unsigned(shown, 'it is not what the signed release says')
}

const STORE_EXIT = 10

async function parseSources(blob: Digest, shown: string, { store, config }: UpdateSession): Promise<DebianSources> {
  const outer = new ByteReader(store.blobs.stream(blob))
  const { reader } = await decompress(outer, new Budget(DEFAULT_LIMITS))
  const packages = new Map<string, DebianSource[]>()
  let count = 0
  const take = (stanza: string): void => {
    const name = fieldOf(stanza, 'Package')
    if (name === '') return
    if (++count > config.limits.entries) throw tooMuch(shown, `it lists more than ${config.limits.entries} packages`)
    const source = {
      version: fieldOf(stanza, 'Version'),
      directory: fieldOf(stanza, 'Directory'),
      files: filesOf(stanza),
    }
    const known = packages.get(name)
    if (known === undefined) packages.set(name, [source])
    else known.push(source)
  }
  let rest = ''
  try {
    for await (const piece of reader.rest()) {
      // Only ASCII is looked at, and latin1 never splits a character.
      const stanzas = (rest + Buffer.from(piece).toString('latin1')).split('\n\n')
      rest = stanzas.pop() ?? ''
      if (rest.length > LONGEST_STANZA) throw tooMuch(shown, `a package takes more than ${LONGEST_STANZA} bytes`)
      for (const stanza of stanzas) take(stanza)
    }
    take(rest)
  } finally {
    await reader.close()
    if (reader !== outer) await outer.close()
  }
  return packages
}

/** The value of a field of one line. */
function fieldOf(stanza: string, name: string): string {
  const start = `\n${stanza}`.indexOf(`\n${name}: `)
  if (start < 0) return ''
  const value = start + name.length + 2
  const end = stanza.indexOf('\n', value)
  return stanza.slice(value, end < 0 ? undefined : end).trim()
}

/** Upstream's archives: all but Debian's own changes, descriptions and signatures. */
function filesOf(stanza: string): DebianSource['files'] {
  const mark = 'Checksums-Sha256:\n'
  const start = `\n${stanza}`.indexOf(`\n${mark}`)
  if (start < 0) return []
  const files: { name: string; sha256: string; size: number }[] = []
  for (const line of stanza.slice(start + mark.length).split('\n')) {
    if (!line.startsWith(' ')) break
    const [sha256 = '', size = '', name = ''] = line.trim().split(/\s+/)
    const isUpstream = /\.tar\.[a-z0-9]+$/.test(name) && !/\.debian\.tar\.[a-z0-9]+$/.test(name)
    if (isUpstream && /^[0-9a-f]{64}$/.test(sha256) && /^[0-9]{1,12}$/.test(size)) {
      files.push({ name, sha256, size: Number(size) })
    }
  }
  return files
}
