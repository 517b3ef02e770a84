import type { ErrorFields } from '../util/errors.ts'
import { MrrlError } from '../util/errors.ts'

/** Codes of archives that are refused. */
export type ArchiveCode = 'E_ARCHIVE' | 'E_ARCHIVE_PATH' | 'E_ARCHIVE_LIMIT'

/** What is known where a rule is broken; the archive's own name is added by {@link inArchive}. */
export interface ArchiveErrorOptions {
  /** Name of the entry as it stands in the archive. */
  readonly entry?: string
  readonly fields?: ErrorFields
  readonly cause?: unknown
}

/** An error for an archive that breaks a rule of `docs/formats/archives.md`. */
export function archiveError(code: ArchiveCode, what: string, options: ArchiveErrorOptions = {}): MrrlError {
  const entry = options.entry === undefined ? {} : { entry: options.entry }
  return new MrrlError(code, options.entry === undefined ? what : `${JSON.stringify(options.entry)} ${what}`, {
    fields: { ...entry, ...options.fields },
    cause: options.cause,
  })
}

/** Adds the name of the archive to an archive error that does not carry one; other errors are returned as they are. */
export function inArchive(name: string, error: unknown): unknown {
  if (!(error instanceof MrrlError) || !error.code.startsWith('E_ARCHIVE') || 'archive' in error.fields) return error
  return new MrrlError(error.code, `${name}: ${error.message}`, {
    fields: { archive: name, ...error.fields },
    hint: error.hint,
    cause: error.cause ?? error,
  })
}
