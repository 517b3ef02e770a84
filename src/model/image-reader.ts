import type { HardLink, Owned } from './image.ts'

/** What a reader knows of an inode beyond what a writer is told. */
export interface Timed {
  /** Seconds since 1970; may be negative or have a fraction where the format allows it. */
  readonly mtime: number
}

/** One entry of an image that is read. Paths and link targets keep the rules of `Image`. */
export type ImageMember =
  | (Owned & Timed & { readonly kind: 'directory' })
  | (Owned & Timed & { readonly kind: 'file'; readonly size: number; readonly content: MemberContent })
  | (Owned & Timed & { readonly kind: 'symlink'; readonly target: string })
  | (Owned &
      Timed & {
        readonly kind: 'device'
        readonly type: 'char' | 'block'
        readonly major: number
        readonly minor: number
      })
  | (Owned & Timed & { readonly kind: 'fifo' })
  | (Owned & Timed & { readonly kind: 'socket' })
  | HardLink

/**
 * The content of a file in pieces; throws `E_ARCHIVE` when it is damaged. Where the format is a stream it can be read
 * once, and only before the next member is asked for.
 */
export type MemberContent = () => AsyncIterable<Uint8Array>

/** Reads an image in one format. */
export interface ImageReader {
  /**
   * The members, parents before what is in them and hard links behind their targets; at most once for a stream.
   * Throws `E_ARCHIVE`, `E_ARCHIVE_PATH` and `E_ARCHIVE_LIMIT`.
   */
  members(): AsyncIterable<ImageMember>
}

/** Bytes of an image at any place: a file or memory. */
export interface RandomAccess {
  readonly size: number
  /** Exactly `length` bytes from `offset` on, which may be kept; throws `E_ARCHIVE` when they are not all there. */
  read(offset: number, length: number): Promise<Uint8Array>
}
