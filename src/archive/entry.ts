import type { ByteReader } from './byte-reader.ts'

/** One entry of an archive. What is left of a file's content is passed over when the next entry is asked for. */
export type ArchiveEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** `target` is the path of an earlier entry. */
  | { readonly kind: 'hardlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly executable: boolean; readonly content: Content }

/** The content of a file, to be read once and before the next entry. */
export class Content {
  /** Bytes in all. */
  readonly size: number
  readonly #reader: ByteReader
  #left: number

  constructor(reader: ByteReader, size: number) {
    this.size = size
    this.#reader = reader
    this.#left = size
  }

  /** All of it, as a copy that may be kept. */
  async bytes(): Promise<Uint8Array> {
    const bytes = new Uint8Array(await this.#reader.exact(this.#left))
    this.#left = 0
    return bytes
  }

  /** All of it in pieces; throws `E_ARCHIVE` when the archive ends within. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left)
      if (piece === undefined) await this.skip()
      else {
        this.#left -= piece.length
        yield piece
      }
    }
  }

  /** Passes over what has not been read. */
  async skip(): Promise<void> {
    const left = this.#left
    this.#left = 0
    await this.#reader.skip(left)
  }
}
