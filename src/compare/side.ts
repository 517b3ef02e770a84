import type { ImageMember } from '../model/image-reader.ts'
import type { Source } from './source.ts'

/** One of two things that are compared. */
export type Side =
  | { readonly kind: 'file'; readonly name: string; readonly source: Source; readonly close: () => Promise<void> }
  | { readonly kind: 'tree'; readonly name: string; readonly tree: Tree; readonly close: () => Promise<void> }

/** Metadata that one kind of tree has and another has not; a store's tree has of the mode only who may execute. */
export type Keeps = 'mode' | 'executable' | 'owner' | 'time' | 'xattrs'

/** A list of entries with their content. */
export interface Tree {
  /** Only trees of the same format are compared in what the format says of itself. */
  readonly format: string
  readonly keeps: ReadonlySet<Keeps>
  /** All entries from the first on, parents first; may be called again and again. */
  members(): AsyncIterable<TreeMember>
  /** What the format says of itself and of each entry, beyond what an entry is. */
  headers(): AsyncIterable<Headers>
}

/** An entry, and the digest of its content; '' where the content has to be read to be known. */
export interface TreeMember {
  readonly member: ImageMember
  readonly digest: string
}

/** Fields of one header, in their order; the path is '' for those of the whole image. */
export interface Headers {
  readonly path: string
  readonly fields: readonly (readonly [name: string, value: string])[]
}
