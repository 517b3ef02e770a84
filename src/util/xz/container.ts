import { MrrlError } from '../errors.ts'
import { type BlockHeader, decodeBlockHeader } from './block-header.ts'
import type { ByteSource } from './byte-source.ts'
import { type Check, checkSize } from './check.ts'
import { checkIndex, type IndexRecord } from './index-field.ts'
import { readLzma2Chunk } from './lzma2-chunk.ts'
import { decodeStreamFooter, decodeStreamHeader, FRAME_SIZE } from './stream-frame.ts'

/** What an `.xz` file holds, in the order of the file. Chunks and the end belong to the block before them. */
export type XzEvent =
  | { readonly kind: 'block'; readonly header: BlockHeader; readonly check: Check }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array; readonly unpackedSize: number }
  | { readonly kind: 'end'; readonly storedCheck: Uint8Array }

/**
 * Reads the container without unpacking anything: concatenated streams, stream padding, headers, index and footer.
 * Throws `E_ARCHIVE` on the first byte that breaks the format, and on anything behind the last stream.
 */
export async function* readContainer(source: ByteSource): AsyncGenerator<XzEvent> {
  do {
    const check = decodeStreamHeader(await source.read(FRAME_SIZE))
    const records: IndexRecord[] = []
    // A block starts with its size, the index with a zero.
    for (let sizeByte = await source.readByte(); sizeByte !== 0; sizeByte = await source.readByte()) {
      records.push(yield* readBlock(source, sizeByte, check))
    }
    const indexSize = await checkIndex(source, records)
    decodeStreamFooter(await source.read(FRAME_SIZE), { check, indexSize })
  } while (await anotherStream(source))
}

async function* readBlock(source: ByteSource, sizeByte: number, check: Check): AsyncGenerator<XzEvent, IndexRecord> {
  const headerSize = (sizeByte + 1) * 4
  const header = decodeBlockHeader(Buffer.concat([Uint8Array.of(sizeByte), await source.read(headerSize - 1)]))
  yield { kind: 'block', header, check }

  const start = source.position
  let unpackedSize = 0
  for (;;) {
    const chunk = await readLzma2Chunk(source, source.position === start)
    unpackedSize += chunk.unpackedSize
    yield { kind: 'chunk', ...chunk }
    if (chunk.unpackedSize === 0) break
  }
  const compressedSize = source.position - start
  if (
    (header.compressedSize ?? compressedSize) !== compressedSize ||
    (header.unpackedSize ?? unpackedSize) !== unpackedSize
  ) {
    throw new MrrlError('E_ARCHIVE', 'xz: a block is not as large as its header says')
  }
  await readPadding(source, (4 - (compressedSize % 4)) % 4)
  yield { kind: 'end', storedCheck: Uint8Array.from(await source.read(checkSize(check))) }
  return { unpaddedSize: headerSize + compressedSize + checkSize(check), unpackedSize }
}

// Stream padding is zeros, a multiple of four (xz format 1.1.0, section 2.2); another stream may follow.
async function anotherStream(source: ByteSource): Promise<boolean> {
  while (!(await source.atEnd())) {
    if (source.peekByte() === 0xfd) return true
    if (source.peekByte() !== 0) {
      throw new MrrlError('E_ARCHIVE', 'xz: data behind the end of the archive', {
        fields: { offset: source.position },
      })
    }
    await readPadding(source, 4)
  }
  return false
}

async function readPadding(source: ByteSource, count: number): Promise<void> {
  if ((await source.read(count)).some((byte) => byte !== 0)) throw new MrrlError('E_ARCHIVE', 'xz: padding is not zero')
}
