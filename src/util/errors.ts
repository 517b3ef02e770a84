import { ERROR_CODES, type ErrorCode } from './error-codes.ts'

/** Facts about a failure that a program may want to read: file, URL, expected and found values. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Options of {@link MrrlError}. */
export interface ErrorOptions {
  /** Facts, printed one per line below the message and kept in `--json`. */
  readonly fields?: ErrorFields
  /** What to do next, where it is more precise than the table's hint. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The one error class of the program. Match on `code`, never on the message. */
export class MrrlError extends Error {
  readonly code: ErrorCode
  readonly fields: ErrorFields
  readonly hint: string

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MrrlError'
    this.code = code
    this.fields = options.fields ?? {}
    this.hint = options.hint ?? ERROR_CODES[code].hint
  }

  /** Exit status of the program when this error ends it. */
  get exit(): number {
    return ERROR_CODES[this.code].exit
  }
}

/** True when `error` is an operating system error with the given code, as Node reports it. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
