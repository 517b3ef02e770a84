import * as assert from 'uvu/assert'
import type { ErrorCode } from '../../src/util/error-codes.ts'
import { MrrlError } from '../../src/util/errors.ts'

/** Checks that `body` fails with this code, and returns the error. */
export async function rejects(code: ErrorCode, body: () => unknown): Promise<MrrlError> {
  try {
    await body()
  } catch (error) {
    if (!(error instanceof MrrlError)) throw error
    assert.is(error.code, code, error.message)
    return error
  }
  throw new Error(`expected ${code}, but nothing was thrown`)
}
