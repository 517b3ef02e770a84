import { ARCHES, type Arch } from '../model/profile.ts'
import type { Source } from '../model/recipe.ts'
import type { PrebuiltTarget, Toolchain } from '../model/toolchain.ts'
import { FieldReader } from './fields.ts'
import { readSource } from './parse-recipe.ts'
import { LICENSE, PACKAGE_NAME, RELATIVE, TOOLCHAIN_NAME, TRIPLE } from './patterns.ts'

/** Checks what a toolchain module exports; throws `E_RECIPE_INVALID` with the file and the field. */
export function parseToolchain(exported: unknown, file: string): Toolchain {
  const fields = new FieldReader(file, '', exported)
  const kind = fields.oneOf('kind', ['prebuilt', 'source', 'system'])
  const name = fields.string('name', TOOLCHAIN_NAME, 'a lower-case name')
  const gcc = fields.string('gcc', /^\d+\.\d+(\.\d+)?$/, "GCC's version, such as 14.2")
  const toolchain = { ...readKind(kind, fields), name, gcc }
  fields.finish()
  return toolchain
}

type WithoutHead<T> = T extends Toolchain ? Omit<T, 'name' | 'gcc'> : never

function readKind(kind: Toolchain['kind'], fields: FieldReader): WithoutHead<Toolchain> {
  if (kind === 'source') {
    return {
      kind,
      triples: readByArch(fields.object('triples'), (triples, arch) => triples.string(arch, TRIPLE, 'a target triple')),
      packages: fields.strings('packages', PACKAGE_NAME, 'a package name'),
      sysroot: fields.strings('sysroot', PACKAGE_NAME, 'a package name'),
    }
  }
  const origin = {
    license: fields.string('license', LICENSE, 'an SPDX licence expression'),
    homepage: fields.string('homepage', /^https?:\/\/\S+$/, 'a URL'),
  }
  if (kind === 'prebuilt') {
    return {
      kind,
      ...origin,
      targets: readByArch(fields.object('targets'), (targets, arch) => readTarget(targets.object(arch))),
      replaces: readReplaces(fields.object('replaces')),
    }
  }
  return {
    kind,
    ...origin,
    triple: fields.string('triple', TRIPLE, 'a target triple'),
    sources: readSources(fields, 'sources'),
    utilities: readSources(fields, 'utilities'),
    links: readLinks(fields.object('links')),
  }
}

function readSources(fields: FieldReader, name: string): readonly Source[] {
  const sources = fields.objects(name).map((source) => readSource(source, ''))
  if (sources.length === 0) throw fields.fail(name, 'must name at least one archive')
  return sources
}

function readLinks(fields: FieldReader): Readonly<Record<string, string>> {
  const links: Record<string, string> = {}
  for (const path of fields.keys()) {
    if (path === '' || !RELATIVE.test(path)) throw fields.fail(path, 'must be a relative path')
    links[path] = fields.string(path, /^[^/\0][^\0]*$/, 'a relative path')
  }
  return links
}

function readTarget(fields: FieldReader): PrebuiltTarget {
  const target: PrebuiltTarget = {
    triple: fields.string('triple', TRIPLE, 'a target triple'),
    source: readSource(fields.object('source'), ''),
    sysroot: fields.string('sysroot', /^[^/].*$/, 'a relative path'),
  }
  fields.finish()
  return target
}

function readByArch<T>(fields: FieldReader, read: (fields: FieldReader, arch: Arch) => T): Partial<Record<Arch, T>> {
  const found: Partial<Record<Arch, T>> = {}
  for (const arch of ARCHES) if (fields.has(arch)) found[arch] = read(fields, arch)
  fields.finish()
  return found
}

function readReplaces(fields: FieldReader): Readonly<Record<string, string>> {
  const replaces: Record<string, string> = {}
  for (const name of fields.keys()) replaces[name] = fields.string(name, PACKAGE_NAME, 'a package name')
  return replaces
}
