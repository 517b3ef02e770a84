import { MrrlError } from '../util/errors.ts'

/** `E_SOURCE` for what the system refused while `path` was read; other errors are returned as they are. */
export function sourceError(path: string, error: unknown, hint?: string): unknown {
  if (!isSystemError(error)) return error
  const options = { fields: { path }, cause: error, ...(hint !== undefined && { hint }) }
  return new MrrlError('E_SOURCE', `cannot read ${path}: ${reason(error)}`, options)
}

/** `E_TARGET` for what the system refused while `path` was written; other errors are returned as they are. */
export function targetError(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error
  return new MrrlError('E_TARGET', `cannot write ${path}: ${reason(error)}`, { fields: { path }, cause: error })
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EEXIST: 'it is there already',
  ENOTEMPTY: 'it is not empty',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'it is a symbolic link',
}

function reason(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** The error for a signal that came while `what` was under way. */
export function interrupted(what: string): MrrlError {
  return new MrrlError('E_INTERRUPTED', `${what} was interrupted`, { hint: 'Nothing has been left.' })
}
