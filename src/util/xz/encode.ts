import { lzma2Compress } from '../lzma.ts'
import { BranchCoder } from './bcj.ts'
import { encodeBlockHeader, type XzFilter } from './block-header.ts'
import { type Check, checkSize, type RunningCheck, startCheck } from './check.ts'
import { encodeIndex } from './index-field.ts'
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
  readonly #input: AsyncIterable<Uint8Array>

  constructor(input: AsyncIterable<Uint8Array>, check: Check) {
    this.#input = input
    this.check = startCheck(check)
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of this.#input) {
        this.check.update(piece)
        this.size += piece.length
        yield piece
      }
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

async function* convertBranches(input: AsyncIterable<Uint8Array>, filter: XzFilter): AsyncGenerator<Uint8Array> {
  const coder = new BranchCoder(filter, 'encode')
  for await (const piece of input) {
    // The coder writes into what it is given, and the piece belongs to the caller.
    const done = coder.push(Uint8Array.from(piece))
    if (done.length > 0) yield done
  }
  if (coder.end().length > 0) yield coder.end()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
