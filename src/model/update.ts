import type { Source } from './recipe.ts'

export const SIGNATURE_KINDS = ['openpgp', 'minisign', 'signify'] as const
export type SignatureKind = (typeof SIGNATURE_KINDS)[number]

/** A signature that upstream publishes beside each file. */
export interface SignatureRule {
  readonly kind: SignatureKind
  /** What is appended to the file's URL: `.sig`, `.asc`, `.minisig`; '' for a checksum file that is signed in itself. */
  readonly suffix: string
  /** What is signed: the file as it is, or, as for kernel.org, the tar in it (the suffix then replaces that of the packing). */
  readonly signed: 'file' | 'unpacked'
  /** Files beside the recipe with the public keys that count. */
  readonly keys: readonly string[]
}

/** A file of checksums that upstream publishes: lines of `sha256sum` or `sha512sum`, plain or with `--tag`. */
export interface ChecksumRule {
  /** URL with `{version}` in it, where it depends on the version. */
  readonly url: string
  /** Signatures of that file; none where it is unsigned. */
  readonly signatures: readonly SignatureRule[]
}

/** Where newer versions of a package are looked for, and who may vouch for them. */
export interface UpdateRules {
  /** Semver range of the versions to take, e.g. `^1.37`. */
  readonly range: string
  /**
   * `npm:<package>`, `debian:<source package>[@<suite>]`, `https://…/` (a directory page), `github:<owner>/<repository>`,
   * `gitlab:<host>/<path>`, `kernel.org`.
   */
  readonly indexes: readonly string[]
  /**
   * How a page or a tag writes a version, e.g. `release-{version}` or `mpfr-{version}/`; '' for the usual: the file name
   * of a source on a page; `{version}`, `v{version}` or `<name>-{version}` as a tag.
   */
  readonly pattern: string
  readonly signatures: readonly SignatureRule[]
  readonly checksums: readonly ChecksumRule[]
}

export const VOUCHER_KINDS = [
  'openpgp',
  'minisign',
  'signify',
  'debian release',
  'npm registry signature',
  'checksum',
  'second location',
] as const

/** Somebody besides the place that a file came from who says that it is the right one. */
export interface Voucher {
  readonly kind: (typeof VOUCHER_KINDS)[number]
  /** Fingerprint or id of the key that signed; URL of the checksum file; host of the second location. */
  readonly by: string
  /** Name of the file that is vouched for. */
  readonly file: string
}

/** What an index tells of one file. */
export interface FoundFile {
  /** `npm:…` or `debian:…`, as in a source. */
  readonly location: string
  readonly integrity: string
  /** Size in bytes; where the index does not tell it, the most it may be. */
  readonly size: number
}

/** A version that an index has. */
export interface FoundVersion {
  readonly version: string
  readonly index: string
  /** Files with their hashes; none for indexes that only list names. */
  readonly files: readonly FoundFile[]
  /** Licence as the index states it; '' where it states none. */
  readonly license: string
  /** Who vouches for what the index says. */
  readonly vouchers: readonly Voucher[]
}

/** What a reviewer should know of licences. '' where an index states none. */
export interface LicenseChange {
  readonly before: string
  readonly after: string
  /** Licence files of the sources that were added, changed or dropped, by path in the archive. */
  readonly files: readonly string[]
}

/** A newer version of a package, downloaded and hashed. */
export interface Update {
  readonly name: string
  /** Versions. */
  readonly before: string
  readonly after: string
  /** Indexes that have the new version. */
  readonly indexes: readonly string[]
  /** All sources of the new version; sizes are exact. */
  readonly sources: readonly Source[]
  readonly vouchers: readonly Voucher[]
  /** Names of new files that nobody vouches for. */
  readonly unvouched: readonly string[]
  readonly license: LicenseChange
  /** Bytes of all sources. */
  readonly sizeBefore: number
  readonly sizeAfter: number
}
