import { archiveError } from './archive-error.ts'

/** How much an archive may hold. */
export interface ArchiveLimits {
  /** Entries of all archives unpacked for one source. */
  readonly entries: number
  /** Segments of one path. */
  readonly depth: number
  /** Bytes of one path. */
  readonly pathBytes: number
  /** Bytes after decompression of one layer, and bytes of all files with hard links counted as copies. */
  readonly bytes: number
  /** Bytes out of a decompressor per byte into it, once {@link RATIO_FREE_BYTES} are out. */
  readonly ratio: number
}

/** Fits the sources of GCC, the largest here: 140 407 entries, 0.8 GB. */
export const DEFAULT_LIMITS: ArchiveLimits = {
  entries: 250_000,
  depth: 64,
  pathBytes: 4095,
  bytes: 1_500_000_000,
  ratio: 200,
}

/** Fits any image that is worth writing. */
export const IMAGE_LIMITS: ArchiveLimits = {
  entries: 4_000_000,
  depth: 256,
  pathBytes: 4095,
  bytes: 2 ** 42,
  // A file of zeros, which an honest image may hold, shrinks to 1/7000 with xz and 1/30000 with zstd.
  ratio: Number.POSITIVE_INFINITY,
}

/** Small archives of small files may well shrink a thousandfold: a tar header is 512 bytes, mostly zeros. */
const RATIO_FREE_BYTES = 32 << 20

/** Counts what one source unpacks to and throws `E_ARCHIVE_LIMIT` where a limit is passed. */
export class Budget {
  readonly limits: ArchiveLimits
  #entries = 0
  #bytes = 0

  constructor(limits: ArchiveLimits) {
    this.limits = limits
  }

  /** One more entry, with `size` bytes of content. */
  entry(size: number): void {
    this.#entries++
    if (this.#entries > this.limits.entries) throw tooMuch('entries', `more than ${this.limits.entries} entries`)
    this.copy(size)
  }

  /** `size` more bytes of content. */
  copy(size: number): void {
    this.#bytes += size
    if (this.#bytes > this.limits.bytes) throw tooMuch('bytes', `files of more than ${this.limits.bytes} bytes`)
  }

  /** Passes on what comes out of a decompressor; `consumed` tells the bytes that have gone in. */
  async *output(pieces: AsyncIterable<Uint8Array>, consumed: () => number): AsyncGenerator<Uint8Array> {
    let total = 0
    for await (const piece of pieces) {
      total += piece.length
      if (total > this.limits.bytes) throw tooMuch('bytes', `more than ${this.limits.bytes} bytes when decompressed`)
      if (total > RATIO_FREE_BYTES && total > consumed() * this.limits.ratio) {
        throw tooMuch('ratio', `more than ${this.limits.ratio} times its size when decompressed`)
      }
      yield piece
    }
  }
}

function tooMuch(limit: keyof ArchiveLimits, what: string): Error {
  return archiveError('E_ARCHIVE_LIMIT', `holds ${what}`, { fields: { limit } })
}
