/** One thing that is not the same on both sides of a comparison, which are called before and after. */
export interface Difference {
  /**
   * Path from the root of what is compared, without a leading slash; '' is the root, or the file where files are
   * compared. What is in an archive stands behind `!`: `usr/lib/libz.a!inflate.o`. Compression adds nothing to a path.
   */
  readonly path: string
  readonly where: Where
  /** What is there, as people read it, at most 64 KiB of it; null where there is nothing. */
  readonly before: string | null
  readonly after: string | null
  /** True for what only follows from other differences of the same file: a build-id, addresses behind what grew. */
  readonly follows: boolean
  readonly cause: Cause
}

/** Which part of a path differs. */
export type Where =
  /** The whole entry: one side has none. */
  | { readonly kind: 'entry' }
  | { readonly kind: 'metadata'; readonly field: MetadataField }
  /** An extended attribute. */
  | { readonly kind: 'xattr'; readonly name: string }
  /** The same things stand in another order. */
  | { readonly kind: 'order'; readonly of: string; readonly before: Sorting; readonly after: Sorting }
  /** A field of a container: of an image, of a member of an archive, of a compressed stream. */
  | { readonly kind: 'header'; readonly format: string; readonly field: string }
  | ({ readonly kind: 'elf' } & ElfPlace)
  /** Lines of a text: `hunk` as `diff -u` writes it without the `@@` line, and where it starts, counted from 1. */
  | { readonly kind: 'text'; readonly line: number; readonly lineAfter: number; readonly hunk: readonly string[] }
  /** Bytes that nothing is known of; `why` is '' or says why the content was not looked into. */
  | { readonly kind: 'bytes'; readonly offset: number; readonly count: number; readonly why: string }
  /** A file with more differences than are listed. */
  | { readonly kind: 'more' }

/** Metadata of an entry. */
export type MetadataField = 'kind' | 'mode' | 'uid' | 'gid' | 'mtime' | 'target' | 'device' | 'hard link'

/** What a list is sorted by; `folded` ignores case and punctuation, as most locales but C do. */
export type Sorting = 'bytes' | 'folded' | 'reverse' | 'none'

/** A place in an ELF file. */
export interface ElfPlace {
  /** Name of the section; '' for the header of the file. */
  readonly section: string
  /** Symbol that covers the bytes, or is meant; '' for none. */
  readonly symbol: string
  /** Bytes from the start of the symbol, or of the section where there is none. */
  readonly offset: number
  /** What of it: `content`, or a field such as `size`, `flags`, `value`, `build-id`, `NEEDED`. */
  readonly field: string
  /** True for machine code. */
  readonly isCode: boolean
}

/** Names of causes; `consequence` is what follows from another difference of the same file. */
export const CAUSE_NAMES = [
  'path',
  'date',
  'order',
  'locale',
  'cpu',
  'randomness',
  'host name',
  'umask',
  'parallelism',
  'user',
  'kernel',
  'consequence',
  'unknown',
] as const

export type CauseName = (typeof CAUSE_NAMES)[number]

/** Why something most likely differs. */
export interface Cause {
  readonly name: CauseName
  /** What it was recognised by; '' for an unknown cause. */
  readonly because: string
  /** What to change in the recipe. */
  readonly advice: string
}

/** Something that was not the same when the two sides were made. */
export interface Clue {
  /** The cause that it would be. */
  readonly name: Exclude<CauseName, 'consequence' | 'unknown'>
  /** Values as they may be found in files: a host name, a folder, seconds since 1970; '' where there is none. */
  readonly before: string
  readonly after: string
}

/** What is known to have been varied between the two sides; empty where nothing is known. */
export type Clues = readonly Clue[]
