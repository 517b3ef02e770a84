import type { ImageMember } from '../model/image-reader.ts'
import type { Source } from './source.ts'

/** One of two things that are compared. */
export type Side =
  | { readonly kind: 'file'; readonly name: string; readonly source: Source; readonly close: () => Promise<void> }
  | { readonly kind: 'tree'; readonly name: string; readonly tree: Tree; readonly close: () => Promise<void> }

/** Metadata that one kind of tree has and another has not. */
export type Keeps = 'mode' | 'owner' | 'time' | 'xattrs'

/** A list of entries with their content. */
export interface Tree {
  /** Only trees of the same format are compared in what the format says of itself. */
  readonly format: string
  readonly keeps: ReadonlySet<Keeps>
  /** All entries from the first on, parents first; may be called again and again. */
  members(): AsyncIterable<TreeMember>
  /** The entry at a path, whose content can be read once for each call. */
  find(path: string): Promise<ImageMember | undefined>
}

/** An entry, and what its content is known by; '' where it has to be read to be known. */
export interface TreeMember {
  readonly member: ImageMember
  readonly digest: string
}
