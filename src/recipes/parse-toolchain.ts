import { ARCHES, type Arch } from '../model/profile.ts'
import type { PrebuiltTarget, Toolchain } from '../model/toolchain.ts'
import { FieldReader } from './fields.ts'
import { readSource } from './parse-recipe.ts'

const NAME = /^[a-z0-9][a-z0-9_.+-]*$/
const TRIPLE = /^[a-z0-9_]+(-[a-z0-9_]+)+$/

/** Checks what a toolchain module exports; throws `E_RECIPE_INVALID` with the file and the field. */
export function parseToolchain(exported: unknown, file: string): Toolchain {
  const fields = new FieldReader(file, '', exported)
  const kind = fields.oneOf('kind', ['prebuilt', 'source'])
  const name = fields.string('name', NAME, 'a lower-case name')
  const gcc = fields.string('gcc', /^\d+\.\d+(\.\d+)?$/, "GCC's version, such as 14.2")
  const toolchain: Toolchain =
    kind === 'source'
      ? {
          kind,
          name,
          gcc,
          triples: readByArch(fields.object('triples'), (triples, arch) =>
            triples.string(arch, TRIPLE, 'a target triple'),
          ),
          packages: fields.strings('packages', NAME, 'a package name'),
          sysroot: fields.strings('sysroot', NAME, 'a package name'),
        }
      : {
          kind,
          name,
          gcc,
          license: fields.string('license', /^[A-Za-z0-9.+() -]+$/, 'an SPDX licence expression'),
          homepage: fields.string('homepage', /^https?:\/\/\S+$/, 'a URL'),
          targets: readByArch(fields.object('targets'), (targets, arch) => readTarget(targets.object(arch))),
          replaces: readReplaces(fields.object('replaces')),
        }
  fields.finish()
  return toolchain
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
  for (const name of fields.keys()) replaces[name] = fields.string(name, NAME, 'a package name')
  return replaces
}
