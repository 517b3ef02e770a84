import { listChanges } from './lists.ts'
import type { Detail } from './place.ts'

/** As strings(1) finds them, but a little longer: machine code is full of four letters. */
const SHORTEST = 5
const LONGEST = 4096
/** Texts beyond which a file is not taken apart. */
const MOST_TEXTS = 200_000

/** A printable text in a file. */
interface FoundText {
  readonly text: string
  readonly at: number
  readonly length: number
}

/**
 * What differs between the printable texts of two pieces of binary data, in their order.
 * @param where the place of a text of the side before, or of where it would stand
 */
export function stringDetails(
  a: Uint8Array,
  b: Uint8Array,
  where: (text: { readonly at: number; readonly length: number }) => Detail['where'],
): Detail[] {
  const [before, after] = [textsIn(a), textsIn(b)]
  const changes = listChanges(
    before.map(({ text }) => text),
    after.map(({ text }) => text),
  )
  return changes.flatMap((change) => {
    const details: Detail[] = []
    const count = Math.max(change.beforeEnd - change.before, change.afterEnd - change.after)
    for (let step = 0; step < count; step++) {
      const old = change.before + step < change.beforeEnd ? before[change.before + step] : undefined
      const now = change.after + step < change.afterEnd ? after[change.after + step] : undefined
      const at = old ?? before[change.beforeEnd] ?? { at: a.length, length: 0 }
      details.push({ where: where(at), before: quoted(old), after: quoted(now), follows: false })
    }
    return details
  })
}

function textsIn(bytes: Uint8Array): FoundText[] {
  const found: FoundText[] = []
  let start = 0
  for (let at = 0; at <= bytes.length && found.length < MOST_TEXTS; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x20 && byte < 0x7f && at - start < LONGEST) continue
    if (at - start >= SHORTEST) {
      const text = Buffer.from(bytes.subarray(start, at)).toString('latin1')
      found.push({ text, at: start, length: at - start })
    }
    start = at - start >= LONGEST ? at : at + 1
  }
  return found
}

function quoted(found: FoundText | undefined): string | null {
  return found === undefined ? null : JSON.stringify(found.text)
}
