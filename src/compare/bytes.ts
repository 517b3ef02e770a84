import { isUtf8 } from 'node:buffer'
import { ByteReader } from '../archive/byte-reader.ts'
import type { Detail, Place } from './place.ts'
import type { Source } from './source.ts'
import { stringDetails } from './strings.ts'

/** Runs of differing bytes with fewer equal ones between them are one. */
const NEAR = 8
/** Runs that are listed of a file of no known kind; the last one counts the rest. */
const MOST_RUNS = 20
/** Bytes shown of a run. */
const SHOWN = 16
/** Printable bytes in a row that make a text, and as many as are shown to each side of a difference. */
const SHORTEST_TEXT = 4
const LONGEST_TEXT = 512

/** Bytes that are compared at once. */
const BLOCK = 4096

/** Bytes from `start` to before `end` that differ. */
export interface ByteRun {
  readonly start: number
  readonly end: number
}

/** Where two byte strings differ; of the longer one, what the other has not is no part of any run. */
export function* differingRuns(a: Uint8Array, b: Uint8Array): Generator<ByteRun> {
  const end = Math.min(a.length, b.length)
  let start = -1
  let last = -1
  for (let at = nextDifference(a, b, 0, end); at < end; at = nextDifference(a, b, at + 1, end)) {
    if (start >= 0 && at - last > NEAR) {
      yield { start, end: last + 1 }
      start = -1
    }
    if (start < 0) start = at
    last = at
  }
  if (start >= 0) yield { start, end: last + 1 }
}

/** What differs between two files of no known kind that are in memory. */
export function byteDetails(a: Uint8Array, b: Uint8Array, why: string): Detail[] {
  if (a.length !== b.length) {
    const strings = stringDetails(a, b, (text) => bytesWhere(text.at, text.length, why))
    if (strings.length > 0) return strings
    const first = nextDifference(a, b, 0, Math.min(a.length, b.length))
    return [detail(a, b, { start: first, end: Math.max(a.length, b.length) }, why)]
  }
  const details: Detail[] = []
  let covered = 0
  for (const run of differingRuns(a, b)) {
    // Several runs in one text are one difference.
    if (run.start < covered) continue
    if (details.length === MOST_RUNS) return [...details, { ...MORE, where: { kind: 'more' } }]
    details.push(detail(a, b, run, why))
    covered = textEnd(a, b, run)
  }
  return details
}

const MORE = { before: null, after: null, follows: false } as const

/** Compares streams without holding them; undefined when they are equal. */
export async function streamDetail(a: Source, b: Source, why: string, place: Place): Promise<Detail | undefined> {
  const [left, right] = [new ByteReader(a.access ?? a.stream()), new ByteReader(b.access ?? b.stream())]
  try {
    let offset = 0
    let first: { readonly at: number; readonly before: string; readonly after: string } | undefined
    let count = 0
    for (;;) {
      const piece = await left.some()
      if (piece === undefined) break
      const other = await right.peek(piece.length)
      await right.skip(other.length)
      for (let at = 0; at < piece.length; ) {
        const next = nextDifference(piece, other, at, Math.min(piece.length, other.length))
        if (next >= piece.length) break
        first ??= { at: offset + next, before: hex(piece, next), after: hex(other, next) }
        count += next >= other.length ? piece.length - next : 1
        at = next >= other.length ? piece.length : next + 1
      }
      offset += piece.length
      await place.run.step(0, piece.length)
    }
    for await (const piece of right.rest()) {
      first ??= { at: offset, before: '', after: hex(piece, 0) }
      count += piece.length
    }
    if (first === undefined) return undefined
    const { before, after } = first
    return { where: bytesWhere(first.at, count, why), before: before || null, after: after || null, follows: false }
  } finally {
    await left.close()
    await right.close()
  }
}

/** Both texts around a run, in quotes, where it lies in printable text on both sides; else undefined. */
export function textsAround(a: Uint8Array, b: Uint8Array, run: ByteRun): readonly [string, string] | undefined {
  const before = textAround(a, run)
  const after = textAround(b, run)
  return before === undefined || after === undefined ? undefined : [before, after]
}

/** The byte behind the text that a run begins in. */
export function textEnd(a: Uint8Array, b: Uint8Array, run: ByteRun): number {
  if (textsAround(a, b, run) === undefined) return run.end
  let end = run.end
  while (end < a.length && end - run.start < LONGEST_TEXT && isPrintable(a[end]) && isPrintable(b[end])) end++
  return end
}

/** Up to 16 bytes from `at` on: `00 1f 8b`, and `…` where the run is longer. */
export function hex(bytes: Uint8Array, at: number, end: number = at + SHOWN): string {
  const shown = Buffer.from(bytes.subarray(at, Math.min(end, at + SHOWN)))
  const text = shown.toString('hex').replace(/(..)(?=.)/g, '$1 ')
  return end - at > SHOWN && at + SHOWN < bytes.length ? `${text} …` : text
}

function detail(a: Uint8Array, b: Uint8Array, run: ByteRun, why: string): Detail {
  const texts = textsAround(a, b, run)
  const [before, after] = texts ?? [hex(a, run.start, run.end), hex(b, run.start, run.end)]
  const where = bytesWhere(run.start, run.end - run.start, why)
  return { where, before: before || null, after: after || null, follows: false }
}

function bytesWhere(offset: number, count: number, why: string): Detail['where'] {
  return { kind: 'bytes', offset, count, why }
}

/** The first place from `start` on where the bytes differ; `end` when there is none. */
function nextDifference(a: Uint8Array, b: Uint8Array, start: number, end: number): number {
  // Where many differ the next one is near; where few do, whole blocks are equal.
  const near = Math.min(end, start + 32)
  for (let at = start; at < near; at++) if (a[at] !== b[at]) return at
  for (let at = near; at < end; ) {
    const stop = Math.min(end, at + BLOCK)
    if (Buffer.compare(a.subarray(at, stop), b.subarray(at, stop)) !== 0) {
      while (a[at] === b[at]) at++
      return at
    }
    at = stop
  }
  return Math.max(start, end)
}

function textAround(bytes: Uint8Array, { start, end }: ByteRun): string | undefined {
  let from = start
  while (from > 0 && start - from < LONGEST_TEXT && isPrintable(bytes[from - 1])) from--
  let to = start
  // A text of another length ends within the run.
  while (to < bytes.length && to - start < LONGEST_TEXT && isPrintable(bytes[to])) to++
  if (to < end && !isEnding(bytes, to, end)) return undefined
  const text = Buffer.from(bytes.subarray(from, to))
  if (text.length < SHORTEST_TEXT || !isUtf8(text)) return undefined
  return JSON.stringify(text.toString())
}

/** Whether only NULs, and texts after them, stand from `at` to `end`. */
function isEnding(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (bytes[i] !== 0 && !isPrintable(bytes[i])) return false
  return true
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09)
}
