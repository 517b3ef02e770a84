import { refusal } from './damaged.ts'

/** How much an image that is read may hold. */
export interface SquashfsLimits {
  /** Inodes, and names that one listing may show. */
  readonly entries: number
  /** Bytes of one path. */
  readonly pathBytes: number
  /** Bytes of all files in one listing, hard links counted once; also of a single file. */
  readonly bytes: number
  /** Bytes of inodes, listings and attributes that may be unpacked for one listing. */
  readonly metadata: number
}

/** Fits every distribution's image; what is larger was made to be large. */
export const DEFAULT_SQUASHFS_LIMITS: SquashfsLimits = {
  entries: 4_000_000,
  pathBytes: 4095,
  bytes: 2 ** 40,
  metadata: 2 ** 31,
}

/** Counts what one listing or look-up takes; throws `E_ARCHIVE_LIMIT` where a limit is passed. */
export class Budget {
  readonly limits: SquashfsLimits
  #entries = 0
  #bytes = 0
  #metadata = 0

  constructor(limits: SquashfsLimits) {
    this.limits = limits
  }

  entry(): void {
    this.#entries++
    if (this.#entries > this.limits.entries) throw tooMuch('entries', this.limits)
  }

  bytes(count: number): void {
    this.#bytes += count
    if (this.#bytes > this.limits.bytes) throw tooMuch('bytes', this.limits)
  }

  metadata(count: number): void {
    this.#metadata += count
    if (this.#metadata > this.limits.metadata) throw tooMuch('metadata', this.limits)
  }
}

const WHAT: Readonly<Record<keyof SquashfsLimits, string>> = {
  entries: 'entries',
  pathBytes: 'bytes in one path',
  bytes: 'bytes of content',
  metadata: 'bytes of metadata',
}

/** The error for a limit that is passed. */
export function tooMuch(limit: keyof SquashfsLimits, limits: SquashfsLimits): Error {
  return refusal('E_ARCHIVE_LIMIT', `more than ${limits[limit]} ${WHAT[limit]}`, { limit })
}
