import { decodeBlockHeader } from '../util/xz/block-header.ts'
import { decodeStreamHeader, FRAME_SIZE } from '../util/xz/stream-frame.ts'
import type { Packing } from './kinds.ts'
import type { Headers } from './side.ts'

/** Bytes from the start in which every header that is shown lies. */
export const PACKED_HEAD: number = 2 ** 16

type Fields = Headers['fields']

/** What a compressed stream says of itself; throws `E_ARCHIVE` when it is cut off or damaged there. */
export function packedFields(kind: Packing, head: Uint8Array): Fields {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length)
  switch (kind) {
    case 'gzip':
      return gzipFields(bytes)
    case 'xz':
      return xzFields(bytes)
    case 'zstd':
      return zstdFields(bytes)
    case 'bzip2':
      return [['block size', `${bytes[3] === undefined ? 0 : bytes[3] - 0x30}00 kB`]]
  }
}

const GZIP_FLAGS = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const
const GZIP_SYSTEMS: Readonly<Record<number, string>> = { 0: 'FAT', 3: 'Unix', 11: 'NTFS', 255: 'unknown' }

/** RFC 1952, section 2.3. */
function gzipFields(bytes: Buffer): Fields {
  const flags = bytes[3] ?? 0
  let at = 10
  const fields: [string, string][] = [
    ['MTIME', String(bytes.length >= 8 ? bytes.readUInt32LE(4) : 0)],
    ['XFL', String(bytes[8] ?? 0)],
    ['OS', GZIP_SYSTEMS[bytes[9] ?? 0] ?? String(bytes[9])],
    ['FLG', String(flags)],
  ]
  if ((flags & GZIP_FLAGS.extra) !== 0 && bytes.length >= at + 2) {
    const size = bytes.readUInt16LE(at)
    fields.push(['FEXTRA', bytes.toString('hex', at + 2, at + 2 + size)])
    at += 2 + size
  }
  const text = (): string => {
    const end = bytes.indexOf(0, at)
    const found = bytes.toString('latin1', at, end < 0 ? bytes.length : end)
    at = end < 0 ? bytes.length : end + 1
    return found
  }
  if ((flags & GZIP_FLAGS.name) !== 0) fields.push(['FNAME', text()])
  if ((flags & GZIP_FLAGS.comment) !== 0) fields.push(['FCOMMENT', text()])
  return fields
}

function xzFields(bytes: Buffer): Fields {
  const check = decodeStreamHeader(bytes.subarray(0, FRAME_SIZE))
  const size = ((bytes[FRAME_SIZE] ?? 0) + 1) * 4
  // A stream without blocks goes on with its index, which starts with a zero.
  if (size === 4 || FRAME_SIZE + size > bytes.length) return [['check', check]]
  const block = decodeBlockHeader(bytes.subarray(FRAME_SIZE, FRAME_SIZE + size))
  return [
    ['check', check],
    ['filters', [...block.filters, 'lzma2'].join(' ')],
    ['dictionary', String(block.dictionarySize)],
    ['block sizes', block.unpackedSize === null ? 'not stated' : 'stated'],
  ]
}

/** RFC 8878, section 3.1.1.1. */
function zstdFields(bytes: Buffer): Fields {
  const descriptor = bytes[4] ?? 0
  const isSingle = (descriptor & 0x20) !== 0
  const window = bytes[5] ?? 0
  const base = 2 ** (10 + (window >> 3))
  return [
    ['checksum', (descriptor & 4) !== 0 ? 'yes' : 'no'],
    ['dictionary id', (descriptor & 3) !== 0 ? 'stated' : 'none'],
    ['content size', isSingle || descriptor >> 6 > 0 ? 'stated' : 'not stated'],
    ['window', isSingle ? 'the content' : String(base + (base / 8) * (window & 7))],
  ]
}
