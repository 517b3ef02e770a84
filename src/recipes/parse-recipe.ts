import { type Needs, OUTPUT_NAMES, type OutputName, type Recipe, ROLES, type Source } from '../model/recipe.ts'
import { isRange } from '../util/version.ts'
import { FieldReader } from './fields.ts'

const NAME = /^[a-z0-9][a-z0-9+-]*$/
const VERSION = /^[0-9][0-9A-Za-z.+~-]*$/
const LICENSE = /^[A-Za-z0-9.+() -]+$/
const LOCATION = /^(https:\/\/|file:|npm:|debian:)\S+$/
const INTEGRITY = /^sha(256-[A-Za-z0-9+/]{43}=|512-[A-Za-z0-9+/]{86}==)$/
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
const RELATIVE = /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0]*$/
const ANY = /^[\s\S]*$/

/** Names that the build environment sets itself; a recipe must not. */
const RESERVED = new Set(['PATH', 'HOME', 'TZ', 'LC_ALL', 'MAKEFLAGS', 'SOURCE_DATE_EPOCH', 'SRC', 'OUT', 'FILES'])

/**
 * Checks what a recipe module exports and fills in the defaults.
 * Throws `E_RECIPE_INVALID` with the file and the field that breaks a rule.
 */
export function parseRecipe(exported: unknown, file: string, folder: string): Recipe {
  const fields = new FieldReader(file, '', exported)
  const name = fields.string('name', NAME, 'a lower-case package name')
  const version = fields.string('version', VERSION, 'an exact version such as 1.37.0')
  const needs = fields.object('needs')
  const build = fields.object('build')
  const recipe: Recipe = {
    name,
    version,
    summary: fields.string('summary', /^\S.*$/, 'a line of text'),
    license: fields.string('license', LICENSE, 'an SPDX licence expression'),
    homepage: fields.string('homepage', /^https?:\/\/\S+$/, 'a URL'),
    role: fields.oneOf('role', ROLES, 'target'),
    sources: readSources(fields, version),
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
