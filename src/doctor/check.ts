import type { ErrorCode } from '../util/error-codes.ts'

/** `skipped`: not looked at, or not there and only needed for what `found` says. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'skipped'

/** What one check found. */
export interface Finding {
  /** What was looked at: `node`, `sandbox unshare`, `lock x86_64`. */
  readonly check: string
  readonly verdict: Verdict
  /** What is there, in one line, without credentials. */
  readonly found: string
  /** Command or setting that mends it; '' where nothing is to be done. */
  readonly fix: string
  /** What a build would end with because of a failure; '' for every other verdict. */
  readonly code: ErrorCode | ''
}

/** All is well. */
export function pass(check: string, found: string): Finding {
  return { check, verdict: 'pass', found, fix: '', code: '' }
}

/** A build works, but not as it could. */
export function warn(check: string, found: string, fix: string): Finding {
  return { check, verdict: 'warn', found, fix, code: '' }
}

/** A build ends with `code`. */
export function fail(check: string, found: string, code: ErrorCode, fix: string): Finding {
  return { check, verdict: 'fail', found, fix, code }
}

/** Not looked at, or not needed. */
export function skipped(check: string, found: string, fix = ''): Finding {
  return { check, verdict: 'skipped', found, fix, code: '' }
}

/** A size for people, in binary units as memory and disks are limited by. */
export function shownBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`
}
