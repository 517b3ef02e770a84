import { BitReader, damaged } from './bzip2-bits.ts'
import { decodeBlock } from './bzip2-block.ts'

/** Compressed bytes to have at hand before a block: more than the largest block that a real writer makes. */
const BLOCK_INPUT = 3 << 20
const OUTPUT_PIECE = 256 << 10
const BLOCK_MAGIC = [0x314159, 0x265359] as const
const END_MAGIC = [0x177245, 0x385090] as const
const CRC_TABLE = makeCrcTable()

/**
 * Decodes bzip2 (one stream or several in a row), checking every CRC. Zeros after the end are padding.
 * Memory: 4 bytes per byte of a block, so 3.6 MB. Throws `E_ARCHIVE` for damaged, cut or trailing bytes.
 */
export async function* bzip2Decompress(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = input[Symbol.asyncIterator]()
  const bits = new BitReader(new Uint8Array(0))
  let ended = false
  const fill = async (wanted: number): Promise<void> => {
    const pieces: Uint8Array[] = []
    for (let have = bits.left; have < wanted && !ended; ) {
      const next = await source.next()
      if (next.done === true) ended = true
      else {
        pieces.push(next.value)
        have += next.value.length
      }
    }
    if (pieces.length > 0) bits.append(Buffer.concat(pieces))
  }
  try {
    await fill(BLOCK_INPUT)
    do {
      const blockSize = readStreamHeader(bits)
      const work = new Uint32Array(blockSize)
      let streamCrc = 0
      for (;;) {
        await fill(BLOCK_INPUT)
        const magic = [bits.read(24), bits.read(24)]
        const crc = readCrc(bits)
        if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) {
          if (crc !== streamCrc) throw damaged('the checksum of the stream differs')
          break
        }
        if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1]) throw damaged('a block is expected')
        const { length, start } = decodeBlock(bits, work, blockSize)
        if ((yield* unpackBlock(work, length, start)) !== crc) throw damaged('the checksum of a block differs')
        streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0
      }
      bits.align()
      await fill(BLOCK_INPUT)
    } while (bits.left > 0 && bits.peek(8) !== 0)
    for (; bits.left > 0; await fill(BLOCK_INPUT)) {
      while (bits.left > 0) if (bits.read(8) !== 0) throw damaged('other bytes follow its end')
    }
  } finally {
    await source.return?.()
  }
}

function readStreamHeader(bits: BitReader): number {
  if (bits.left < 4 || bits.read(24) !== 0x425a68) throw damaged('other bytes follow its end')
  const level = bits.read(8) - 0x30
  if (level < 1 || level > 9) throw damaged('the block size is not 1 to 9')
  return level * 100_000
}

function readCrc(bits: BitReader): number {
  return bits.read(16) * 65536 + bits.read(16)
}

/** Undoes the Burrows-Wheeler transform and the first run-length coding; returns the CRC of what it yields. */
function* unpackBlock(work: Uint32Array, length: number, start: number): Generator<Uint8Array, number> {
  let out = Buffer.allocUnsafe(OUTPUT_PIECE)
  let at = 0
  let crc = 0xffffffff
  let next = (work[start] as number) >>> 8
  let previous = -1
  let repeats = 0
  for (let i = 0; i < length; i++) {
    const entry = work[next] as number
    next = entry >>> 8
    const byte = entry & 0xff
    let copies = 1
    let value = byte
    if (repeats === 4) {
      copies = byte
      value = previous
      repeats = 0
      previous = -1
    } else {
      repeats = byte === previous ? repeats + 1 : 1
      previous = byte
    }
    if (at + copies > OUTPUT_PIECE) {
      yield out.subarray(0, at)
      out = Buffer.allocUnsafe(OUTPUT_PIECE)
      at = 0
    }
    for (; copies > 0; copies--) {
      out[at++] = value
      crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ value] as number)
    }
  }
  if (at > 0) yield out.subarray(0, at)
  return ~crc >>> 0
}

/** CRC-32 with the polynomial of zlib, but most significant bit first. */
function makeCrcTable(): Uint32Array {
  const table = new Uint32Array(256)
  for (let i = 0; i < 256; i++) {
    let crc = i << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
    table[i] = crc >>> 0
  }
  return table
}
