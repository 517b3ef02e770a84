import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { DebianArchive } from '../../src/update/config.ts'
import { clearsigned, NOW, type Signer, type Site } from './updates.ts'

/** One source package of an archive for tests. */
export interface DebianPackage {
  readonly name: string
  readonly version: string
  readonly directory: string
  /** Content by file name. */
  readonly files: Readonly<Record<string, Uint8Array>>
}

/** What may be wrong with an archive. */
export interface ArchiveOptions {
  readonly suite?: string
  readonly codename?: string
  /** Milliseconds since 1970. */
  readonly date?: number
  readonly validUntil?: number
  readonly byHash?: boolean
  /** Fields of a Release of its own making. */
  readonly release?: (text: string) => string
}

const utc = (time: number): string => new Date(time).toUTCString().replace('GMT', 'UTC')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Writes an archive with one suite into a site: `dists/`, its `Sources`, and the pool. Gives the text of the Release. */
export function writeArchive(site: Site, packages: readonly DebianPackage[], options: ArchiveOptions = {}): string {
  const { suite = 'stable', codename = 'trixie', date = NOW - 86_400_000, validUntil, byHash = true } = options
  const sources = Buffer.from(packages.map(stanza).join('\n'))
  const packed = gzipSync(sources)
  const release = [
    'Origin: Debian',
    `Suite: ${suite}`,
    `Codename: ${codename}`,
    `Date: ${utc(date)}`,
    ...(validUntil === undefined ? [] : [`Valid-Until: ${utc(validUntil)}`]),
    ...(byHash ? ['Acquire-By-Hash: yes'] : []),
    'MD5Sum:',
    ` ${'0'.repeat(32)} ${packed.length} main/source/Sources.gz`,
    'SHA256:',
    ` ${sha256(sources)} ${sources.length} main/source/Sources`,
    ` ${sha256(packed)} ${packed.length} main/source/Sources.gz`,
    '',
  ].join('\n')
  const path = byHash ? `main/source/by-hash/SHA256/${sha256(packed)}` : 'main/source/Sources.gz'
  site[`/dists/${codename}/${path}`] = packed
  for (const { directory, files } of packages) {
    for (const [name, bytes] of Object.entries(files)) site[`/${directory}/${name}`] = bytes
  }
  return options.release?.(release) ?? release
}

/** As {@link writeArchive}, with an `InRelease` signed by these. */
export async function signArchive(
  site: Site,
  packages: readonly DebianPackage[],
  signers: readonly Signer[],
  options: ArchiveOptions = {},
): Promise<void> {
  const text = writeArchive(site, packages, options)
  site[`/dists/${options.codename ?? 'trixie'}/InRelease`] = await clearsigned(text, signers)
}

/** The archive as a machine with these keys knows it. */
export function archiveAt(
  base: string,
  keys: readonly Uint8Array[],
  suites: readonly string[] = ['trixie'],
): DebianArchive {
  return { base, suites, keys: async () => keys }
}

function stanza({ name, version, directory, files }: DebianPackage): string {
  const lines = Object.entries(files).map(([file, bytes]) => ` ${sha256(bytes)} ${bytes.length} ${file}`)
  return `Package: ${name}\nBinary: ${name}\nVersion: ${version}\nDirectory: ${directory}
Files:\n ${'0'.repeat(32)} 1 ${name}.dsc\nChecksums-Sha256:\n ${'1'.repeat(64)} 1 ${name}_${version}.dsc
${lines.join('\n')}\n ${'2'.repeat(64)} 9 ${name}_${version}.debian.tar.xz\nHomepage: https://tool.example\n`
}
