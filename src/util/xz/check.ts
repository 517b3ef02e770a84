import { createHash } from 'node:crypto'
import { MrrlError } from '../errors.ts'
import { crc32 } from './crc32.ts'
import { Crc64 } from './crc64.ts'

/** Kinds of integrity check over the unpacked bytes of a block (xz format 1.1.0, section 2.1.1.2). */
export type Check = 'none' | 'crc32' | 'crc64' | 'sha256'

/** A check in progress. */
export interface RunningCheck {
  update(bytes: Uint8Array): void
  /** The check field as stored behind the block. */
  digest(): Uint8Array
}

const KINDS: readonly { readonly check: Check; readonly id: number; readonly size: number }[] = [
  { check: 'none', id: 0, size: 0 },
  { check: 'crc32', id: 1, size: 4 },
  { check: 'crc64', id: 4, size: 8 },
  { check: 'sha256', id: 10, size: 32 },
]

/** Number of a check in the stream flags. */
export function checkId(check: Check): number {
  return KINDS.find((kind) => kind.check === check)?.id ?? 0
}

/** Check of a number in the stream flags; throws `E_ARCHIVE` on one that nobody writes. */
export function checkOfId(id: number): Check {
  const kind = KINDS.find((known) => known.id === id)
  if (kind === undefined) throw new MrrlError('E_ARCHIVE', `xz: unknown integrity check ${id}`)
  return kind.check
}

/** Bytes of the check field. */
export function checkSize(check: Check): number {
  return KINDS.find((kind) => kind.check === check)?.size ?? 0
}

/** Starts a check. */
export function startCheck(check: Check): RunningCheck {
  if (check === 'crc64') return new Crc64()
  if (check === 'crc32') return new RunningCrc32()
  if (check === 'sha256') return runningSha256()
  return { update: () => undefined, digest: () => new Uint8Array(0) }
}

class RunningCrc32 implements RunningCheck {
  #value = 0

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value)
  }

  digest(): Uint8Array {
    const out = Buffer.alloc(4)
    out.writeUInt32LE(this.#value)
    return out
  }
}

function runningSha256(): RunningCheck {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
}
