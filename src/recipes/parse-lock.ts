import { LOCK_VERSION, type Lock, type LockedPackage } from '../model/lock.ts'
import { FORMATS } from '../model/profile.ts'
import type { Source } from '../model/recipe.ts'
import { VOUCHER_KINDS, type Voucher } from '../model/update.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { FieldReader } from './fields.ts'
import { readSource } from './parse-recipe.ts'
import { LICENSE, PACKAGE_NAME, PROFILE_NAME, TOOLCHAIN_NAME, TRIPLE, VERSION } from './patterns.ts'

const DIGEST = /^[0-9a-f]{64}\/(0|[1-9][0-9]{0,14})$/
const DIGEST_OR_NONE = new RegExp(`^$|${DIGEST.source}`)
const VERSION_OR_NONE = new RegExp(`^$|${VERSION.source}`)
const FILE_NAME = /^[^/\s\p{C}]+$/u
const LINE = /^[^\s\p{C}]+( [^\s\p{C}]+)*$/u
const IMAGE_FILES = new Set(FORMATS.map((format) => (format === 'dir' ? 'rootfs' : `rootfs.${format}`)))

/**
 * Checks every field of a lock as read from JSON, so that nothing in it can be a path, a prototype or a number that
 * nobody means. Throws `E_LOCK_INVALID` with the field and the rule, `E_LOCK_VERSION` for another layout.
 */
export function readLockFields(value: unknown, file: string): Lock {
  const fields = new FieldReader(file, '', value, invalidLock)
  const version = fields.integer('version', [0, Number.MAX_SAFE_INTEGER])
  if (version !== LOCK_VERSION) throw wrongVersion(file, version)
  const lock: Lock = {
    version,
    format: fields.integer('format', [1, 0xffff]),
    profile: fields.string('profile', PROFILE_NAME, 'the name of a profile'),
    profileDigest: fields.string('profileDigest', DIGEST, 'a digest'),
    epoch: fields.integer('epoch', [0, 2 ** 32 - 1]),
    seeds: record(fields, 'seeds', isSeedName, (seeds, name) => readSource(seeds.object(name), undefined)),
    packages: record(fields, 'packages', isPackageName, (packages, name) => readPackage(packages.object(name))),
    images: record(fields, 'images', isImageFile, (images, name) => readImage(images.object(name))),
  }
  fields.string('checksum', /^sha256:[0-9a-f]{64}$/, 'a checksum')
  fields.finish()
  checkNeeds(lock, file)
  return lock
}

/** The error for one field of a lock. */
export function invalidLock(file: string, field: string, rule: string): MrrlError {
  const where = field === 'the default export' ? 'it' : field
  return new MrrlError('E_LOCK_INVALID', `${file}: ${where} ${rule}`, { fields: { file, field: where } })
}

function readPackage(fields: FieldReader): LockedPackage {
  const locked: LockedPackage = {
    version: fields.string('version', VERSION, 'an exact version'),
    pinnedFrom: fields.string('pinnedFrom', VERSION_OR_NONE, "an exact version, or '' for none"),
    license: fields.string('license', LICENSE, 'an SPDX licence expression'),
    recipe: fields.string('recipe', DIGEST, 'a digest'),
    step: fields.string('step', DIGEST, 'a digest'),
    needs: fields.strings('needs', PACKAGE_NAME, 'a package name'),
    sources: readSources(fields),
    vouchers: fields.objects('vouchers').map(readVoucher),
    output: fields.string('output', DIGEST_OR_NONE, "a digest, or '' for none"),
  }
  if (locked.pinnedFrom === locked.version) throw fields.fail('pinnedFrom', 'must differ from the version')
  fields.finish()
  return locked
}

function readSources(fields: FieldReader): readonly Source[] {
  const sources = fields.objects('sources').map((source) => readSource(source, undefined))
  const places = sources.map(({ at }) => at)
  if (new Set(places).size !== places.length) throw fields.fail('sources', 'must not have two at one place')
  return sources
}

function readVoucher(fields: FieldReader): Voucher {
  const voucher: Voucher = {
    kind: fields.oneOf('kind', VOUCHER_KINDS),
    by: fields.string('by', LINE, 'a key, URL or host'),
    file: fields.string('file', FILE_NAME, 'the name of a file'),
  }
  fields.finish()
  return voucher
}

function readImage(fields: FieldReader): Lock['images'][string] {
  const image = { digest: fields.string('digest', DIGEST, 'a digest') }
  fields.finish()
  return image
}

function record<T>(
  fields: FieldReader,
  field: string,
  isName: (name: string) => boolean,
  read: (fields: FieldReader, name: string) => T,
): Readonly<Record<string, T>> {
  const values = fields.object(field)
  const wrong = values.keys().find((name) => !isName(name))
  // Before anything is stored under it: `__proto__` is a name too.
  if (wrong !== undefined) throw fields.fail(field, `must not have the name ${JSON.stringify(wrong)}`)
  return Object.fromEntries(values.keys().map((name) => [name, read(values, name)]))
}

function isPackageName(name: string): boolean {
  return PACKAGE_NAME.test(name)
}

function isSeedName(name: string): boolean {
  const [toolchain = '', triple = '', ...others] = name.split('/')
  return TOOLCHAIN_NAME.test(toolchain) && TRIPLE.test(triple) && others.length === 0
}

function isImageFile(name: string): boolean {
  return IMAGE_FILES.has(name)
}

function checkNeeds(lock: Lock, file: string): void {
  for (const [name, { needs }] of Object.entries(lock.packages)) {
    const isSorted = needs.every((need, index) => index === 0 || compareBytes(needs[index - 1] ?? '', need) < 0)
    const isKnown = needs.every((need) => Object.hasOwn(lock.packages, need))
    if (!isSorted || !isKnown) throw invalidLock(file, `packages.${name}.needs`, 'must be packages of the lock, sorted')
  }
}

function wrongVersion(file: string, version: number): MrrlError {
  const hint = version > LOCK_VERSION ? { hint: 'A newer mrrl wrote it. Use that one.' } : {}
  const message = `${file} has layout ${version}, and this program reads ${LOCK_VERSION}`
  return new MrrlError('E_LOCK_VERSION', message, { fields: { file, version }, ...hint })
}
