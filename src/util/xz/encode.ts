import { cut } from '../cut.ts'
import { lzma2Compress } from '../lzma.ts'
import { BranchCoder } from './bcj.ts'
import { encodeBlockHeader, type XzFilter } from './block-header.ts'
import { type Check, checkSize, type RunningCheck, startCheck } from './check.ts'
import { encodeIndex, type IndexRecord } from './index-field.ts'
import { encodeStreamFooter, encodeStreamHeader } from './stream-frame.ts'

/** Settings of the encoder; the same input and settings give the same bytes. */
export interface XzSettings {
  readonly check: Check
  /** Converts branch addresses of that machine before LZMA2. */
  readonly filter: XzFilter | 'none'
  /** 0 to 9; 9 is what `xz -9` means, its extreme form does not exist in this encoder. */
  readonly preset: number
  /** A power of two in bytes, at least 4096 (see `dictionaryFor`). The reader needs as much memory. */
  readonly dictionarySize: number
}

/** Packs whole bytes into an `.xz` stream of one block. */
export async function xzCompress(bytes: Uint8Array, settings: XzSettings): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of xzCompressStream(once(bytes), settings)) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * Packs pieces into an `.xz` stream of one block, as `xz -T1` does: no sizes in the block header.
 * The output does not depend on how the input is cut into pieces, only its own pieces do.
 */
export async function* xzCompressStream(
  input: AsyncIterable<Uint8Array>,
  settings: XzSettings,
): AsyncGenerator<Uint8Array> {
  const { check, filter, dictionarySize, preset } = settings
  const filters = filter === 'none' ? [] : [filter]
  const header = encodeBlockHeader({ filters, dictionarySize, compressedSize: null, unpackedSize: null })
  yield Buffer.concat([encodeStreamHeader(check), header])

  const meter = new Meter(input, check)
  const filtered = filter === 'none' ? meter.pieces() : convertBranches(meter.pieces(), filter)
  let compressedSize = 0
  try {
    for await (const part of lzma2Compress(filtered, { preset, dictionarySize })) {
      compressedSize += part.length
      yield part
    }
  } catch (error) {
    throw meter.failure ?? error
  } finally {
    // The library does not tell its input when nobody wants the output any more.
    await meter.close()
  }

  const padding = Buffer.alloc((4 - (compressedSize % 4)) % 4)
  const unpaddedSize = header.length + compressedSize + checkSize(check)
  const index = encodeIndex([{ unpaddedSize, unpackedSize: meter.size }])
  yield Buffer.concat([padding, meter.check.digest(), index, encodeStreamFooter(check, index.length)])
}

/** Counts and checks what passes through. */
class Meter {
  readonly check: RunningCheck
  size = 0
  /** Why the input ended early: on its way through the library an error becomes a text. */
  failure: unknown
  readonly #input: AsyncIterator<Uint8Array>

  constructor(input: AsyncIterable<Uint8Array>, check: Check) {
    this.#input = input[Symbol.asyncIterator]()
    this.check = startCheck(check)
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = await this.#input.next(); next.done !== true; next = await this.#input.next()) {
        this.check.update(next.value)
        this.size += next.value.length
        yield next.value
      }
    } catch (error) {
      this.failure = error
      throw error
    }
  }

  /** Tells the input that no more is wanted. */
  async close(): Promise<void> {
    await this.#input.return?.()
  }
}

/** Independent blocks. */
export interface XzBlockSettings {
  /** Unpacked bytes of each block but the last. */
  readonly size: number
  /** Blocks that are packed at once; the bytes do not depend on it. */
  readonly parallel: number
}

/**
 * Packs pieces into an `.xz` stream of independent blocks, which can be packed and unpacked in parallel: their headers
 * state both sizes, as those of `xz -T` do. Memory: what the encoder takes, and twice the size of a block, for each of
 * the blocks under way.
 */
export async function* xzCompressBlocks(
  input: AsyncIterable<Uint8Array>,
  settings: XzSettings,
  { size, parallel }: XzBlockSettings,
): AsyncGenerator<Uint8Array> {
  const { check } = settings
  yield encodeStreamHeader(check)
  const records: IndexRecord[] = []
  const underWay: Promise<PackedBlock>[] = []
  const takeFirst = async (): Promise<readonly Uint8Array[]> => {
    const { record, parts } = await (underWay.shift() as Promise<PackedBlock>)
    records.push(record)
    return parts
  }
  for await (const bytes of cut(input, size)) {
    if (underWay.length >= parallel) yield* await takeFirst()
    const block = packBlock(bytes, settings)
    // A failure is met when the block is due; until then it must not count as unhandled.
    block.catch(() => undefined)
    underWay.push(block)
  }
  while (underWay.length > 0) yield* await takeFirst()
  const index = encodeIndex(records)
  yield Buffer.concat([index, encodeStreamFooter(check, index.length)])
}

interface PackedBlock {
  readonly record: IndexRecord
  readonly parts: readonly Uint8Array[]
}

async function packBlock(bytes: Uint8Array, settings: XzSettings): Promise<PackedBlock> {
  const { check, filter, dictionarySize } = settings
  const running = startCheck(check)
  running.update(bytes)
  const pieces = filter === 'none' ? once(bytes) : convertBranches(once(bytes), filter)
  const parts: Uint8Array[] = []
  for await (const part of lzma2Compress(pieces, settings)) parts.push(part)
  const compressedSize = parts.reduce((sum, part) => sum + part.length, 0)
  const header = encodeBlockHeader({
    filters: filter === 'none' ? [] : [filter],
    dictionarySize,
    compressedSize,
    unpackedSize: bytes.length,
  })
  const padding = Buffer.alloc((4 - (compressedSize % 4)) % 4)
  const record = { unpaddedSize: header.length + compressedSize + checkSize(check), unpackedSize: bytes.length }
  return { record, parts: [header, ...parts, padding, running.digest()] }
}

async function* convertBranches(input: AsyncIterable<Uint8Array>, filter: XzFilter): AsyncGenerator<Uint8Array> {
  const coder = new BranchCoder(filter, 'encode')
  for await (const piece of input) {
    // The coder writes into what it is given, and the piece belongs to the caller.
    const done = coder.push(new Uint8Array(piece))
    if (done.length > 0) yield done
  }
  if (coder.end().length > 0) yield coder.end()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
