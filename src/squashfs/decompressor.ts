import { promisify } from 'node:util'
import { constants, inflate, inflateSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { MrrlError } from '../util/errors.ts'
import { openXzPiece, unpackXzPiece, unpackXzPieceAside } from '../util/xz/unpack.ts'
import { damaged } from './damaged.ts'

/** Unpacks blocks of one compression method. Never makes more than `most` bytes; rejects with `E_ARCHIVE`. */
export interface Decompressor {
  /** On the calling thread: for a few kilobytes, which are unpacked sooner than a thread answers. */
  unpackNow(bytes: Uint8Array, most: number, offset: number): Buffer
  /** Large blocks on other threads. */
  unpack(bytes: Uint8Array, most: number, offset: number): Promise<Buffer>
}

type Now = (bytes: Uint8Array, most: number) => Uint8Array
type Aside = (bytes: Uint8Array, most: number) => Promise<Uint8Array>

/** The largest block has 2^20 bytes, and the kernel takes no larger window. */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 20 } }

const inflateAside = promisify(inflate)
const zstdAside = promisify(zstdDecompress)

// One piece of output larger than the result can be: the default of 16 KiB costs a round trip for each, and behind a
// full piece there is one more.
const sized = (most: number): { chunkSize: number; maxOutputLength: number } => ({
  chunkSize: Math.max(most + 1, 64),
  maxOutputLength: most,
})

/** A method; up to `small` bytes another thread takes longer to answer than the work itself (measured). */
interface Method {
  readonly now: Now
  readonly aside: Aside
  readonly small: number
}

const METHODS: Readonly<Record<number, Method | string>> = {
  1: {
    now: (bytes, most) => inflateSync(bytes, sized(most)),
    aside: (bytes, most) => inflateAside(bytes, sized(most)),
    small: 2 ** 14,
  },
  2: 'lzma',
  3: 'lzo',
  4: {
    now: (bytes, most) => unpackXzPiece(openXzPiece(bytes, most)),
    aside: async (bytes, most) => unpackXzPieceAside(openXzPiece(bytes, most)),
    small: 2 ** 13,
  },
  5: 'lz4',
  6: {
    now: (bytes, most) => zstdDecompressSync(bytes, { ...sized(most), ...ZSTD_OPTIONS }),
    aside: (bytes, most) => zstdAside(bytes, { ...sized(most), ...ZSTD_OPTIONS }),
    small: 2 ** 17,
  },
}

/** The method of a number in the superblock; throws `E_ARCHIVE` for those that are not read. */
export function decompressorOf(id: number): Decompressor {
  const method = METHODS[id]
  if (method === undefined) throw damaged(`unknown compression method ${id}`, 20)
  if (typeof method === 'string') throw damaged(`compressed with ${method}; gzip, xz and zstd are read`, 20)
  const unpackNow = (bytes: Uint8Array, most: number, offset: number): Buffer => {
    try {
      return asBuffer(method.now(bytes, most))
    } catch (error) {
      throw asDamage(error, offset)
    }
  }
  return {
    unpackNow,
    unpack: async (bytes, most, offset) => {
      if (most <= method.small) return unpackNow(bytes, most, offset)
      try {
        return asBuffer(await method.aside(bytes, most))
      } catch (error) {
        throw asDamage(error, offset)
      }
    },
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** zlib, libzstd and the xz decoder say in their own words what is wrong with a block; where it is, they do not know. */
function asDamage(cause: unknown, offset: number): MrrlError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new MrrlError('E_ARCHIVE', `squashfs: damaged block at ${offset}: ${why}`, { fields: { offset }, cause })
}
