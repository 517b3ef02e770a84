import { type ChecksumRule, SIGNATURE_KINDS, type SignatureRule, type UpdateRules } from '../model/update.ts'
import { isRange } from '../util/version.ts'
import type { FieldReader } from './fields.ts'
import { FILE_NAME, WEB_ADDRESS } from './patterns.ts'

const INDEXES: readonly RegExp[] = [
  /^npm:(@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/,
  /^debian:[a-z0-9][a-z0-9+.-]+(@[a-z0-9][a-z0-9.+-]*)?$/,
  /^github:[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/,
  /^gitlab:[a-z0-9][a-z0-9.:-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/,
  /^kernel\.org$/,
]
const INDEX_RULE =
  'npm:<package>, debian:<source>[@<suite>], https://…/, github:<owner>/<repository>, gitlab:<host>/<path> or kernel.org'
const NONE: UpdateRules = { range: '', indexes: [], pattern: '', signatures: [], checksums: [] }

/** Reads `update` of a recipe; without any field there are no rules, and the package is never updated. */
export function readUpdateRules(fields: FieldReader): UpdateRules {
  if (fields.keys().length === 0) return NONE
  const rules: UpdateRules = {
    range: fields.string('range', /^\S.*$/, 'a semver range'),
    indexes: fields.strings('indexes', /^\S+$/, INDEX_RULE),
    pattern: fields.string('pattern', /^$|^[^{}\s]*\{version\}[^{}\s]*$/, 'text with {version} in it', ''),
    signatures: fields.objects('signatures').map(readSignature),
    checksums: fields.objects('checksums').map(readChecksum),
  }
  if (!isRange(rules.range)) throw fields.fail('range', 'must be a semver range, such as ~1.37')
  if (rules.indexes.length === 0) throw fields.fail('indexes', 'must name at least one index')
  const wrong = rules.indexes.findIndex((index) => !isIndex(index))
  if (wrong >= 0) throw fields.fail(`indexes[${wrong}]`, `must be ${INDEX_RULE}`)
  fields.finish()
  return rules
}

function isIndex(text: string): boolean {
  return INDEXES.some((shape) => shape.test(text)) || (WEB_ADDRESS.test(text) && text.endsWith('/'))
}

function readSignature(fields: FieldReader): SignatureRule {
  const rule: SignatureRule = {
    kind: fields.oneOf('kind', SIGNATURE_KINDS),
    suffix: fields.string('suffix', /^$|^\.[A-Za-z0-9._-]+$/, "an ending such as .sig, or ''"),
    signed: fields.oneOf('signed', ['file', 'unpacked'], 'file'),
    keys: fields.strings('keys', FILE_NAME, 'the name of a file beside the recipe'),
  }
  if (rule.keys.length === 0) throw fields.fail('keys', 'must name at least one key: without one nothing is proved')
  fields.finish()
  return rule
}

function readChecksum(fields: FieldReader): ChecksumRule {
  const rule: ChecksumRule = {
    url: fields.string('url', WEB_ADDRESS, 'a URL that starts with https://'),
    signatures: fields.objects('signatures').map(readSignature),
  }
  fields.finish()
  return rule
}
