import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import type { FetchConfig } from '../../src/fetch/config.ts'
import type { FetchAllOptions } from '../../src/fetch/fetch-all.ts'
import type { LockedSource } from '../../src/fetch/locked-sources.ts'
import { type FilledMirror, fillMirror } from '../../src/mirror/fill.ts'
import { type MirrorPath, pathOf } from '../../src/mirror/layout.ts'
import { openStore } from '../../src/store/store.ts'
import { noise } from './bytes.ts'
import { fetchConfig, integrityOf } from './http-server.ts'

/** A file of a mirror, and its source. */
export interface MirrorFile {
  readonly bytes: Uint8Array
  readonly source: LockedSource
  readonly path: MirrorPath
}

/** A file of `size` bytes that a profile needs, below `base`. */
export function mirrorFile(
  name: string,
  size: number,
  options: { readonly base?: string; readonly algorithm?: 'sha256' | 'sha512'; readonly profile?: string } = {},
): MirrorFile {
  const { base = 'https://never.invalid', algorithm = 'sha256', profile = 'test' } = options
  const bytes = noise(
    size,
    Buffer.from(name).reduce((sum, byte) => sum * 31 + byte, 7),
  )
  const integrity = integrityOf(bytes, algorithm)
  const neededBy = [{ profile, package: name, version: '1.0', license: 'MIT' }]
  const source = { from: [`${base}/${name}.tar`], integrity, size, names: [`${name}.tar`], neededBy }
  return { bytes, source, path: pathOf(integrity) }
}

/** Three files, one of them known by SHA-512. */
export function threeFiles(base?: string): readonly [MirrorFile, MirrorFile, MirrorFile] {
  const at = base === undefined ? {} : { base }
  return [
    mirrorFile('one', 100_000, at),
    mirrorFile('two', 1000, { ...at, algorithm: 'sha512' }),
    mirrorFile('three', 70_000, at),
  ]
}

/** Answers `/<name>.tar` for files; parts of them, too. */
export function servingFiles(files: readonly MirrorFile[]): RequestListener {
  return (request, response) => {
    const file = files.find(({ source }) => `/${source.names[0]}` === request.url)
    if (file === undefined) return void response.writeHead(404).end()
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start === 0) return void response.end(file.bytes)
    const range = `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}`
    response.writeHead(206, { 'content-range': range }).end(file.bytes.subarray(start))
  }
}

/** Fills a mirror with files, through an empty store beside it. */
export async function fill(
  mirror: string,
  files: readonly MirrorFile[],
  config: Partial<FetchConfig> = {},
  options: FetchAllOptions = {},
): Promise<FilledMirror> {
  const sources = files.map(({ source }) => source)
  const profiles = [...new Set(sources.flatMap(({ neededBy }) => neededBy.map(({ profile }) => profile)))]
  const store = await openStore(`${mirror}-home`)
  return fillMirror(mirror, { profiles, sources }, store, fetchConfig(config), options)
}

/** Writes files as a mirror has them, without lists. */
export function writeFiles(mirror: string, files: readonly MirrorFile[]): void {
  for (const { path, bytes } of files) {
    mkdirSync(join(mirror, path, '..'), { recursive: true })
    writeFileSync(join(mirror, path), bytes)
  }
}
