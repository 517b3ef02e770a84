import type { Digest } from './digest.ts'

/** Owner, mode and extended attributes of an image entry. Every time in an image is the epoch of the image. */
export interface Owned {
  /** Path from the root without a leading slash; '' is the root itself. */
  readonly path: string
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  /** 0 to 4294967295. */
  readonly uid: number
  /** 0 to 4294967295. */
  readonly gid: number
  /** Sorted by {@link compareBytes} of their names, which are unique. */
  readonly xattrs: readonly Xattr[]
}

/** An extended attribute. */
export interface Xattr {
  /** With its namespace, which is `user`, `trusted` or `security`: `security.capability`. */
  readonly name: string
  /** At most 65 536 bytes. */
  readonly value: Uint8Array
}

/** An entry that is a file of its own, of whatever kind. */
export type Inode =
  | (Owned & { readonly kind: 'directory' })
  | (Owned & { readonly kind: 'file'; readonly digest: Digest })
  | (Owned & { readonly kind: 'symlink'; readonly target: string })
  | (Owned & {
      readonly kind: 'device'
      readonly type: 'char' | 'block'
      readonly major: number
      readonly minor: number
    })
  | (Owned & { readonly kind: 'fifo' })
  | (Owned & { readonly kind: 'socket' })

/** A second name of an earlier inode that is not a directory. */
export interface HardLink {
  readonly kind: 'hardlink'
  readonly path: string
  /** Path of that inode. */
  readonly target: string
}

/** One entry of an image. */
export type ImageEntry = Inode | HardLink

/**
 * The assembled root filesystem: what a format writes.
 * Entries are sorted by {@link compareBytes} of their paths split at `/` (a folder directly before what is in it),
 * unique, every parent present, the root first.
 */
export interface Image {
  readonly entries: readonly ImageEntry[]
  /** The one time of all entries, in seconds since 1970, 0 to 4294967295. */
  readonly epoch: number
}

/** Reads the content of image files; the store is one. */
export interface BlobReader {
  /** Whole content; throws `E_STORE_CORRUPT` when the bytes are not those of the digest. */
  read(digest: Digest): Promise<Uint8Array>
  /** Content in pieces, for files that should not be in memory at once. */
  stream(digest: Digest): AsyncIterable<Uint8Array>
}

/** Where a format is written: appended, and patched at places already written. */
export interface ImageSink {
  /** Takes a piece of any size, often a small one, that does not change afterwards. */
  write(bytes: Uint8Array): Promise<void>
  /** Overwrites bytes already written, from `offset` on. */
  patch(offset: number, bytes: Uint8Array): Promise<void>
  /** Bytes written so far. */
  readonly size: number
}

/** Writes an image in one file format. The same image and options give the same bytes. */
export interface ImageWriter {
  /** Name as in a profile: `tar.xz`. */
  readonly format: string
  /** Name of the file in the images folder: `rootfs.tar.xz`. */
  readonly fileName: string
  /** Raised whenever the bytes for the same image change. */
  readonly version: number
  /** Throws `E_IMAGE` when the format cannot hold an entry; what went into the sink by then is worthless. */
  write(image: Image, blobs: BlobReader, sink: ImageSink, options: WriterOptions): Promise<void>
}

/** What writers need to know beyond the image. */
export interface WriterOptions {
  /** Filter for the machine of the image, where the format has one. */
  readonly branchFilter: BranchFilter
}

/** Machines whose branches the BCJ filters know. */
export type BranchFilter = 'x86' | 'arm64' | 'none'
