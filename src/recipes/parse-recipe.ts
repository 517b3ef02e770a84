import type { Pin } from '../model/lock.ts'
import { type Needs, OUTPUT_NAMES, type OutputName, type Recipe, ROLES, type Source } from '../model/recipe.ts'
import { isRange } from '../util/version.ts'
import { FieldReader } from './fields.ts'
import { readUpdateRules } from './parse-update.ts'
import { FILE_NAME, INTEGRITY, LICENSE, LOCATION, PACKAGE_NAME, RELATIVE, VERSION } from './patterns.ts'

const ANY = /^[\s\S]*$/

/** Names that the build environment sets itself; a recipe must not. */
const RESERVED = new Set(['PATH', 'HOME', 'TZ', 'LC_ALL', 'MAKEFLAGS', 'SOURCE_DATE_EPOCH', 'SRC', 'OUT', 'FILES'])

/**
 * Checks what a recipe module exports and fills in the defaults. With a `pin`, version and hashes are the pin's, as long
 * as the recipe is the one that was pinned from.
 * Throws `E_RECIPE_INVALID` with the file and the field that breaks a rule.
 */
export function parseRecipe(exported: unknown, file: string, folder: string, pin?: Pin): Recipe {
  const fields = new FieldReader(file, '', exported)
  const name = fields.string('name', PACKAGE_NAME, 'a lower-case package name')
  const ownVersion = fields.string('version', VERSION, 'an exact version such as 1.37.0')
  const own = { version: ownVersion, sources: readSources(fields, ownVersion) }
  const { version, sources } = pinned(fields, own, pin) ?? own
  const needs = fields.object('needs')
  const build = fields.object('build')
  const recipe: Recipe = {
    name,
    version,
    ownVersion,
    summary: fields.string('summary', /^\S.*$/, 'a line of text'),
    license: fields.string('license', LICENSE, 'an SPDX licence expression'),
    homepage: fields.string('homepage', /^https?:\/\/\S+$/, 'a URL'),
    role: fields.oneOf('role', ROLES, 'target'),
    sources,
    needs: readNeeds(needs),
    files: fields.strings('files', FILE_NAME, 'the name of a file beside the recipe', []),
    patches: fields.strings('patches', FILE_NAME, 'the name of a file beside the recipe', []),
    env: readEnv(fields.object('env')),
    build: {
      configure: build.string('configure', ANY, 'a shell script', ''),
      compile: build.string('compile', ANY, 'a shell script', ''),
      install: build.string('install', /\S/, 'a shell script'),
    },
    outputs: readOutputs(fields.object('outputs')),
    remove: fields.strings('remove', /^[^/]/, 'a glob without a leading slash', []),
    timeout: fields.integer('timeout', [1, 86_400], 3600),
    weight: fields.integer('weight', [0, 86_400], 10),
    update: readUpdateRules(fields.object('update')),
    folder,
  }
  needs.finish()
  build.finish()
  fields.finish()
  return recipe
}

/** Reads `name` or `name@range`. */
function readNeeds(fields: FieldReader): Needs {
  const ranges: Record<string, string> = {}
  const names = (field: 'build' | 'target' | 'runtime'): string[] =>
    fields.strings(field, /^[a-z0-9][a-z0-9+-]*(@.+)?$/, 'a package name, or name@range', []).map((need, index) => {
      const [name = '', range] = need.split(/@(.*)/)
      if (range !== undefined && !isRange(range)) throw fields.fail(`${field}[${index}]`, 'has no semver range after @')
      if (range !== undefined) ranges[name] = range
      return name
    })
  return { build: names('build'), target: names('target'), runtime: names('runtime'), ranges }
}

/** What a recipe is with a pin; undefined when its version, or where its sources are, is not what it was then. */
function pinned(
  fields: FieldReader,
  own: { readonly version: string; readonly sources: readonly Source[] },
  pin: Pin | undefined,
): { readonly version: string; readonly sources: readonly Source[] } | undefined {
  if (pin === undefined || pin.pinnedFrom !== own.version) return undefined
  const sources = readSources(fields, pin.version)
  const places = ({ at, from }: Source): string => [at, ...from].join('\n')
  if (sources.map(places).join('\n\n') !== pin.sources.map(places).join('\n\n')) return undefined
  const withHash = (source: Source, { integrity, size }: Source): Source => ({ ...source, integrity, size })
  return {
    version: pin.version,
    sources: sources.map((source, index) => withHash(source, pin.sources[index] ?? source)),
  }
}

/** The sources that a recipe module names for a version; hashes and sizes are still those of its own version. */
export function sourcesFor(exported: unknown, file: string, version: string): readonly Source[] {
  return readSources(new FieldReader(file, '', exported), version)
}

function readSources(fields: FieldReader, version: string): readonly Source[] {
  const make = fields.raw('sources')
  if (typeof make !== 'function') throw fields.fail('sources', 'must be a function that returns a list')
  const list = new FieldReader(fields.file, '', { sources: make({ version }) })
  const sources = list.objects('sources').map((source, index) => readSource(source, index === 0 ? '' : undefined))
  const twice = sources.find(({ at }, index) => sources.findIndex((other) => other.at === at) !== index)
  if (twice !== undefined) throw fields.fail('sources', `has two sources at ${JSON.stringify(twice.at)}`)
  return sources
}

/** Reads one source; also used for the downloads of toolchains. */
export function readSource(source: FieldReader, at: string | undefined): Source {
  const inner = source.raw('inner')
  const read: Source = {
    at: source.string('at', RELATIVE, 'a relative path', at),
    from: source.strings('from', LOCATION, 'a location: https://…, file:…, npm:… or debian:…'),
    integrity: source.string('integrity', INTEGRITY, 'sha256-… or sha512-… in base64'),
    size: source.integer('size', [0, 2 ** 40]),
    inner: typeof inner === 'string' ? [inner] : source.strings('inner', RELATIVE, 'a member of the archive', []),
    strip: source.integer('strip', [0, 32], 1),
    include: source.strings('include', RELATIVE, 'a relative glob', []),
    exclude: source.strings('exclude', RELATIVE, 'a relative glob', []),
  }
  if (read.from.length === 0) throw source.fail('from', 'must name at least one location')
  source.finish()
  return read
}

function readEnv(fields: FieldReader): Readonly<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const name of fields.keys()) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw fields.fail(name, 'is not a name for a variable')
    if (RESERVED.has(name)) throw fields.fail(name, 'is set by mrrl itself')
    env[name] = fields.string(name, /^[^\0]*$/, 'text')
  }
  return env
}

function readOutputs(fields: FieldReader): Readonly<Partial<Record<OutputName, readonly string[]>>> {
  const outputs: Partial<Record<OutputName, readonly string[]>> = {}
  for (const name of fields.keys()) {
    if (!OUTPUT_NAMES.includes(name as OutputName)) throw fields.fail(name, `must be one of ${OUTPUT_NAMES.join(', ')}`)
    outputs[name as OutputName] = fields.strings(name, /^[^/]/, 'a glob without a leading slash')
  }
  return outputs
}
