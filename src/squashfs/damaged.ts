import { type ErrorFields, MrrlError } from '../util/errors.ts'

const HINT = 'The image breaks a rule of docs/formats/squashfs.md.'

/** Codes of images that are refused. */
export type RefusalCode = 'E_ARCHIVE' | 'E_ARCHIVE_PATH' | 'E_ARCHIVE_LIMIT'

/** An image that breaks a rule of the format; `offset` is a position in the image, as near as it is known. */
export function damaged(what: string, offset: number, fields: ErrorFields = {}): MrrlError {
  return refusal('E_ARCHIVE', what, { offset, ...fields })
}

/** An image that is refused for another reason. */
export function refusal(code: RefusalCode, what: string, fields: ErrorFields): MrrlError {
  return new MrrlError(code, `squashfs: ${what}`, { fields, ...(code === 'E_ARCHIVE_LIMIT' ? {} : { hint: HINT }) })
}
