import { type ByteRun, differingRuns, hex, textEnd, textsAround } from '../bytes.ts'
import { type Detail, MOST_PER_FILE } from '../place.ts'
import { stringDetails } from '../strings.ts'
import { type ElfPair, elfDetail, isCode, type SectionPair } from './pair.ts'
import { type Cover, coverAt } from './symbols.ts'

/** Bytes of an address in code and in data: x86 has displacements of four bytes, data pointers of eight. */
const ADDRESS_BYTES = { code: 4, data: 8 } as const

/** Bytes that differ in a section of both files, by the symbol that covers them. */
export function contentDetails(pair: ElfPair, both: SectionPair): Detail[] {
  const { a, b, name } = both
  const [coversA, coversB] = [pair.coversA.get(name) ?? [], pair.coversB.get(name) ?? []]
  if (a.bytes.length === b.bytes.length && !isPermuted(coversA, coversB)) {
    return runDetails(pair, both, { bytesA: a.bytes, bytesB: b.bytes, start: 0, covers: coversA })
  }
  const strings = isCode(a)
    ? []
    : stringDetails(a.bytes, b.bytes, ({ at }) => {
        const cover = coverAt(coversA, at)
        return whereOf(both, cover, at)
      })
  const symbols = symbolContents(pair, both, coversA, coversB)
  if (strings.length + symbols.length > 0) return [...strings, ...symbols]
  // Where symbols moved within the section, they say so themselves.
  const place = { section: name, field: 'content', isCode: isCode(a) }
  return [elfDetail(place, `${a.bytes.length} bytes`, `${b.bytes.length} bytes`, isPermuted(coversA, coversB))]
}

/** Each symbol of both files on its own, wherever it is by now. Texts are compared apart from their symbols. */
function symbolContents(
  pair: ElfPair,
  both: SectionPair,
  coversA: readonly Cover[],
  coversB: readonly Cover[],
): Detail[] {
  const others = new Map(coversB.map((cover) => [cover.name, cover]))
  return coversA.flatMap((cover) => {
    const other = others.get(cover.name)
    if (other === undefined || cover.end === cover.start) return []
    const [old, now] = [both.a.bytes.subarray(cover.start, cover.end), both.b.bytes.subarray(other.start, other.end)]
    if (old.length !== now.length) return []
    const runs = runDetails(pair, both, { bytesA: old, bytesB: now, start: cover.start, covers: coversA })
    return isCode(both.a) ? runs : runs.filter(({ before }) => !before?.startsWith('"'))
  })
}

/** Bytes of both sides that stand for each other, and where they start in the section before. */
interface Stretch {
  readonly bytesA: Uint8Array
  readonly bytesB: Uint8Array
  readonly start: number
  readonly covers: readonly Cover[]
}

function runDetails(pair: ElfPair, both: SectionPair, { bytesA, bytesB, start, covers }: Stretch): Detail[] {
  const details: Detail[] = []
  const code = isCode(both.a)
  let firstAddress = -1
  let covered = 0
  // Several places in one function are one difference; in data each is its own.
  let last: Cover | undefined
  for (const run of differingRuns(bytesA, bytesB)) {
    if (run.start < covered) continue
    if (details.length > MOST_PER_FILE) break
    const at = start + run.start
    const texts = code ? undefined : textsAround(bytesA, bytesB, run)
    if (texts === undefined && pair.isMoved && isAddressLike(run, code)) {
      if (firstAddress < 0) firstAddress = at
      continue
    }
    const cover = coverAt(covers, at)
    if (code && cover !== undefined && cover === last) continue
    last = cover
    covered = textEnd(bytesA, bytesB, run)
    const numbers = code || texts !== undefined ? undefined : numbersAt(pair, cover, start, bytesA, bytesB)
    const [before, after] = texts ?? numbers ?? [hex(bytesA, run.start, run.end), hex(bytesB, run.start, run.end)]
    details.push({ where: whereOf(both, cover, at), before, after, follows: false })
  }
  if (firstAddress >= 0) {
    const place = { ...whereOf(both, coverAt(covers, firstAddress), firstAddress), field: 'addresses' }
    details.push(elfDetail(place, null, null, true))
  }
  return details
}

/** Both values of a symbol that is as large as a number. */
function numbersAt(
  { a, b }: ElfPair,
  cover: Cover | undefined,
  start: number,
  bytesA: Uint8Array,
  bytesB: Uint8Array,
): readonly [string, string] | undefined {
  const size = cover === undefined ? 0 : cover.end - cover.start
  if (cover === undefined || (size !== 4 && size !== 8)) return undefined
  const at = cover.start - start
  const number = ({ view }: ElfPair['a'], bytes: Uint8Array): string => {
    const own = view.part(Buffer.from(bytes.subarray(at, at + size)))
    return String(size === 4 ? own.u32(0) : own.u64(0))
  }
  return at < 0 ? undefined : [number(a, bytesA), number(b, bytesB)]
}

function whereOf(both: SectionPair, cover: Cover | undefined, at: number): Detail['where'] & { kind: 'elf' } {
  const place = { section: both.name, isCode: isCode(both.a), field: 'content' } as const
  return cover === undefined
    ? { kind: 'elf', ...place, symbol: '', offset: at }
    : { kind: 'elf', ...place, symbol: cover.name, offset: at - cover.start }
}

function isAddressLike({ start, end }: ByteRun, code: boolean): boolean {
  return end - start <= (code ? ADDRESS_BYTES.code : ADDRESS_BYTES.data)
}

function isPermuted(a: readonly Cover[], b: readonly Cover[]): boolean {
  return a.length !== b.length || a.some(({ name, start }, at) => name !== b[at]?.name || start !== b[at]?.start)
}
