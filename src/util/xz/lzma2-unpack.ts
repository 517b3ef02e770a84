import { damaged, decodeLzma, type LzmaDecoder, openLzmaDecoder, resetLzma } from './lzma-decoder.ts'
import { decodeLzma2Header } from './lzma2-header.ts'

/**
 * Unpacks a raw LZMA2 stream (`docs/formats/xz.md`) on the calling thread. The output is its own dictionary, so no
 * other memory is needed: for a few kilobytes that is faster than a thread with a dictionary of its own.
 *
 * Throws `E_ARCHIVE` unless `input` is exactly one stream, end marker included, of `size` unpacked bytes.
 */
export function lzma2Unpack(input: Uint8Array, size: number): Uint8Array {
  const chunks = new ChunkReader(input, size)
  while (chunks.readChunk());
  return chunks.finish()
}

class ChunkReader {
  readonly #lzma: LzmaDecoder
  #hasProperties = false
  #hasState = false

  constructor(input: Uint8Array, size: number) {
    this.#lzma = openLzmaDecoder(input, size)
  }

  /** False at the end marker. */
  readChunk(): boolean {
    const lzma = this.#lzma
    const header = decodeLzma2Header(lzma.input, lzma.at)
    lzma.at += header.size
    if (header.kind === 'end') return false
    if (header.resetsDictionary) lzma.origin = lzma.filled
    if (lzma.origin < 0) throw damaged(lzma.at)
    this.#checkRoom(header.packedSize, header.unpackedSize)
    if (header.kind === 'stored') {
      this.#copy(header.packedSize)
      return true
    }
    if (header.hasProperties) this.#setProperties(lzma.input[lzma.at - 1] as number)
    if (header.resetsState) {
      resetLzma(lzma)
      this.#hasState = true
    }
    if (!this.#hasProperties || !this.#hasState) throw damaged(lzma.at)
    decodeLzma(lzma, lzma.at + header.packedSize, lzma.filled + header.unpackedSize)
    return true
  }

  finish(): Uint8Array {
    const { input, output, at, filled } = this.#lzma
    if (filled !== output.length || at !== input.length) throw damaged(at)
    return output
  }

  #checkRoom(packedSize: number, unpackedSize: number): void {
    const { input, output, at, filled } = this.#lzma
    if (packedSize > input.length - at || unpackedSize > output.length - filled) throw damaged(at)
  }

  #copy(length: number): void {
    const lzma = this.#lzma
    lzma.output.set(lzma.input.subarray(lzma.at, lzma.at + length), lzma.filled)
    lzma.at += length
    lzma.filled += length
  }

  #setProperties(value: number): void {
    const lc = value % 9
    const lp = Math.floor(value / 9) % 5
    const pb = Math.floor(value / 45)
    if (pb > 4 || lc + lp > 4) throw damaged(this.#lzma.at)
    this.#lzma.lc = lc
    this.#lzma.lpMask = (1 << lp) - 1
    this.#lzma.pbMask = (1 << pb) - 1
    this.#hasProperties = true
  }
}
