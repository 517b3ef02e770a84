import { BranchCoder } from '../util/xz/bcj.ts'
import type { XzFilter } from '../util/xz/block-header.ts'

const OPERAND = 4
/** Machine code has at least one branch in so many bytes. */
const CODE = 128
/** So much fewer (or more) different addresses leave no doubt. */
const CLEAR = 0.9

/**
 * Ways to pack a block, of which the best is to be taken: without filter, with it, or both where it is not clear which
 * will be better. A filter pays where branches from many places go to few: then there are fewer different absolute
 * addresses than relative ones. In code that is so nearly always, and packing twice takes twice the time.
 */
export function filtersWorthTrying(filter: XzFilter, bytes: Uint8Array): readonly (XzFilter | 'none')[] {
  const before = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const after = Buffer.from(bytes)
  new BranchCoder(filter, 'encode').push(after)
  if (after.equals(before)) return ['none']

  const relative = new Set<number>()
  const absolute = new Set<number>()
  let count = 0
  for (let at = 0; at + OPERAND <= bytes.length; at++) {
    if (before[at] === after[at]) continue
    const start = Math.min(operandAt(filter, before, at), bytes.length - OPERAND)
    relative.add(before.readUInt32LE(start))
    absolute.add(after.readUInt32LE(start))
    count++
    at = start + OPERAND - 1
  }
  if (absolute.size * CLEAR > relative.size) return ['none']
  if (absolute.size < relative.size * CLEAR && count * CODE > bytes.length) return [filter]
  return ['none', filter]
}

/** Where the address begins of which a byte at `at` is the first that the filter has changed. */
function operandAt(filter: XzFilter, bytes: Uint8Array, at: number): number {
  if (filter === 'arm64') return at & ~3
  let start = at
  // Behind E8 or E9, at most three bytes back.
  while (start > at - OPERAND + 1 && ((bytes[start - 1] as number) & 0xfe) !== 0xe8) start--
  return start
}
