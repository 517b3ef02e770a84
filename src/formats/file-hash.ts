import { createHash, hash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** Without O_NONBLOCK, a pipe put in the place of a file would be waited for. */
export const READ_FLAGS: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** What a file was when it was hashed. */
export interface FileHash {
  /** Bytes. */
  readonly size: number
  /** 64 hex digits. */
  readonly sha256: string
  /** Tells cheaply whether the file is still the same when it is read again; 0 for one that will not be. */
  readonly crc32: number
}

/**
 * Hashes a file through `buffer` to its end, wherever that is; throws what the system says.
 * @param hashWhole hashes a file that fits into the buffer
 */
export function hashFile(
  path: string,
  buffer: Uint8Array,
  hashWhole: (content: Uint8Array) => FileHash = hashContent,
): FileHash {
  const file = openSync(path, READ_FLAGS)
  try {
    const size = readSync(file, buffer, 0, buffer.length, 0)
    if (size === buffer.length) return hashRest(file, buffer)
    return hashWhole(buffer.subarray(0, size))
  } finally {
    closeSync(file)
  }
}

/** Hash of a file that is in memory. */
export function hashContent(content: Uint8Array): FileHash {
  return { size: content.length, sha256: hash('sha256', content), crc32: crc32(content) }
}

function hashRest(file: number, buffer: Uint8Array): FileHash {
  const sha256 = createHash('sha256')
  let size = 0
  let crc = 0
  for (let count = buffer.length; count > 0; count = readSync(file, buffer, 0, buffer.length, size)) {
    const piece = buffer.subarray(0, count)
    sha256.update(piece)
    crc = crc32(piece, crc)
    size += count
  }
  return { size, sha256: sha256.digest('hex'), crc32: crc }
}
