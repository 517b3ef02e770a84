import { bzip2Decompress } from '../util/bzip2.ts'
import { xzDecompress } from '../util/xz/decode.ts'
import { ByteReader } from './byte-reader.ts'
import type { Budget } from './limits.ts'
import { gunzip, isZstd, unzstd } from './node-codec.ts'

/** Bytes that tell every known format apart. */
const HEAD_BYTES = 512

type Decoder = (input: AsyncIterable<Uint8Array>, maxBytes: number) => AsyncIterable<Uint8Array>

const DECODERS: readonly { readonly matches: (head: Uint8Array) => boolean; readonly decode: Decoder }[] = [
  { matches: (head) => startsWith(head, [0x1f, 0x8b, 0x08]), decode: gunzip },
  { matches: (head) => startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), decode: unxz },
  { matches: isBzip2, decode: bzip2Decompress },
  { matches: isZstd, decode: unzstd },
]

/**
 * Takes off one layer of compression, if the first bytes show one; names of files are not asked.
 * The reader's bytes are bounded by the budget. Throws `E_ARCHIVE` or `E_ARCHIVE_LIMIT` while it is read.
 */
export async function decompress(
  reader: ByteReader,
  budget: Budget,
): Promise<{ readonly reader: ByteReader; readonly compressed: boolean }> {
  const head = await reader.peek(HEAD_BYTES)
  const format = DECODERS.find(({ matches }) => matches(head))
  if (format === undefined) return { reader, compressed: false }
  const plain = format.decode(reader.rest(), budget.limits.bytes)
  return { reader: new ByteReader(budget.output(plain, () => reader.position)), compressed: true }
}

function unxz(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  return xzDecompress(input, { maxBytes })
}

/** `BZh`, the block size, then the magic of a block or of the end: text that starts with `BZh` is not taken for it. */
function isBzip2(head: Uint8Array): boolean {
  const level = head[3] ?? 0
  if (!startsWith(head, [0x42, 0x5a, 0x68]) || level < 0x31 || level > 0x39) return false
  const block = head.subarray(4)
  return (
    startsWith(block, [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || startsWith(block, [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
  )
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}
