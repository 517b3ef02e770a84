import { MrrlError } from '../errors.ts'
import { openLzma2Decoder } from '../lzma.ts'
import { BranchCoder } from './bcj.ts'
import { type BlockHeader, decodeBlockHeader } from './block-header.ts'
import { type Check, checkSize, startCheck } from './check.ts'
import { encodeIndex } from './index-field.ts'
import { decodeLzma2Header } from './lzma2-header.ts'
import { lzma2Unpack } from './lzma2-unpack.ts'
import { decodeStreamFooter, decodeStreamHeader, FRAME_SIZE } from './stream-frame.ts'

/** Above this many unpacked bytes a thread is worth starting. */
const SMALL = 2 ** 15

/** An `.xz` stream of one block, looked through but not unpacked. */
export interface XzPiece {
  /** Size that the LZMA2 chunks state, in bytes. */
  readonly unpackedSize: number
  readonly header: BlockHeader
  readonly check: Check
  readonly packed: Uint8Array
  readonly storedCheck: Uint8Array
}

/**
 * Looks through an `.xz` stream that is wholly in memory and has one block: the form in which squashfs stores each of
 * its blocks. Throws `E_ARCHIVE` when it is anything else, or would unpack to more than `maxBytes`.
 */
export function openXzPiece(bytes: Uint8Array, maxBytes: number): XzPiece {
  const check = decodeStreamHeader(slice(bytes, 0, FRAME_SIZE))
  const headerSize = ((bytes[FRAME_SIZE] ?? 0) + 1) * 4
  if (headerSize === 4) throw damaged('no block', FRAME_SIZE)
  const header = decodeBlockHeader(slice(bytes, FRAME_SIZE, headerSize))
  const start = FRAME_SIZE + headerSize
  const { end, unpackedSize } = measure(bytes, start)
  if (unpackedSize > maxBytes) throw damaged(`${unpackedSize} bytes where at most ${maxBytes} are due`, start)
  if (
    (header.compressedSize ?? end - start) !== end - start ||
    (header.unpackedSize ?? unpackedSize) !== unpackedSize
  ) {
    throw damaged('the block header states other sizes', FRAME_SIZE)
  }
  const checkStart = start + Math.ceil((end - start) / 4) * 4
  if (bytes.subarray(end, checkStart).some((byte) => byte !== 0)) throw damaged('padding is not zero', end)
  const storedCheck = slice(bytes, checkStart, checkSize(check))
  const indexStart = checkStart + storedCheck.length
  const index = encodeIndex([{ unpaddedSize: headerSize + end - start + storedCheck.length, unpackedSize }])
  if (Buffer.compare(slice(bytes, indexStart, index.length), index) !== 0) {
    throw damaged('the index does not describe the block', indexStart)
  }
  const footerStart = indexStart + index.length
  decodeStreamFooter(slice(bytes, footerStart, FRAME_SIZE), { check, indexSize: index.length })
  if (footerStart + FRAME_SIZE !== bytes.length) throw damaged('bytes behind the stream', footerStart + FRAME_SIZE)
  return { unpackedSize, header, check, packed: bytes.subarray(start, end), storedCheck }
}

/** Unpacks on the calling thread; throws `E_ARCHIVE` on damage. */
export function unpackXzPiece(piece: XzPiece): Uint8Array {
  return finish(piece, lzma2Unpack(piece.packed, piece.unpackedSize))
}

/** Unpacks large pieces on a thread of their own; rejects with `E_ARCHIVE` on damage. */
export async function unpackXzPieceAside(piece: XzPiece): Promise<Uint8Array> {
  if (piece.unpackedSize <= SMALL) return unpackXzPiece(piece)
  // What the header says of its dictionary may be gigabytes; no match reaches back behind the first byte.
  const decoder = openLzma2Decoder(Math.max(piece.unpackedSize, 4096))
  try {
    const first = decoder.push(piece.packed)
    const rest = await decoder.finish()
    const unpacked = first.length === 0 ? rest : Buffer.concat([first, rest])
    if (unpacked.length !== piece.unpackedSize) throw damaged('other sizes than stated', 0)
    return finish(piece, unpacked)
  } catch (cause) {
    throw cause instanceof MrrlError ? cause : new MrrlError('E_ARCHIVE', 'xz: damaged LZMA2 data', { cause })
  }
}

function finish({ header, check, storedCheck }: XzPiece, unpacked: Uint8Array): Uint8Array {
  // The coders change the bytes where they are.
  for (const filter of header.filters.toReversed()) new BranchCoder(filter, 'decode').push(unpacked)
  const running = startCheck(check)
  running.update(unpacked)
  if (Buffer.compare(running.digest(), storedCheck) !== 0) {
    throw new MrrlError('E_ARCHIVE', 'xz: the unpacked data does not have the checksum that the file states')
  }
  return unpacked
}

/** Walks over the LZMA2 chunks from `start` on by what their headers say. */
function measure(bytes: Uint8Array, start: number): { end: number; unpackedSize: number } {
  let unpackedSize = 0
  for (let at = start; at < bytes.length; ) {
    const header = decodeLzma2Header(bytes, at)
    if (header.kind === 'end') return { end: at + header.size, unpackedSize }
    unpackedSize += header.unpackedSize
    at += header.size + header.packedSize
  }
  throw damaged('cut off', bytes.length)
}

function slice(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const end = start + length
  if (end > bytes.length) throw damaged('cut off', bytes.length)
  return bytes.subarray(start, end)
}

function damaged(why: string, offset: number): MrrlError {
  return new MrrlError('E_ARCHIVE', `xz: damaged stream: ${why}`, { fields: { offset } })
}
