import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { COMPRESSOR_IDS, type Compressor, type Packed, smallest } from './compressor.ts'
import { Fields } from './fields.ts'

const zstdAsync = promisify<Uint8Array, object, Buffer>(zstdCompress)

const DEFAULT_LEVEL = 15
/** More than zstd adds to bytes that it cannot pack, so that one piece of output is always enough. */
const OVERHEAD = 8192

/** zstd frames without checksum, which state the size of their content: the window is never larger than that. */
export function zstdCompressor(level: number): Compressor {
  const pack = async (bytes: Uint8Array): Promise<Packed> => {
    const params = { [constants.ZSTD_c_compressionLevel]: level }
    const packed = await zstdAsync(bytes, { params, pledgedSrcSize: bytes.length, chunkSize: bytes.length + OVERHEAD })
    return smallest(bytes, [packed])
  }
  const options = level === DEFAULT_LEVEL ? null : new Fields(4).u32(level).finish()
  return { id: COMPRESSOR_IDS.zstd, options, packData: pack, packMetadata: pack }
}
