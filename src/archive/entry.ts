import { MrrlError } from '../util/errors.ts'
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
  #isPassed = false

  constructor(reader: ByteReader, size: number) {
    this.size = size
    this.#reader = reader
    this.#left = size
  }

  /** All of it, as a copy that may be kept. */
  async bytes(): Promise<Uint8Array> {
    this.#checkPlace()
    const count = this.#left
    this.#left = 0
    return new Uint8Array(this.#reader.ready(count) ?? (await this.#reader.exact(count)))
  }

  /** All of it in pieces; throws `E_ARCHIVE` when the archive ends within, `E_INTERNAL` when it is asked too late. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    this.#checkPlace()
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left)
      if (piece === undefined) await this.skip()
      else {
        this.#left -= piece.length
        yield piece
        this.#checkPlace()
      }
    }
  }

  /** Passes over what has not been read, and `padding` bytes behind it. */
  async skip(padding = 0): Promise<void> {
    const left = this.#left + padding
    this.#left = 0
    this.#isPassed = true
    if (!this.#reader.pass(left)) await this.#reader.skip(left)
  }

  /** Like {@link Content.skip} where nothing need be waited for; false where {@link Content.skip} must be called. */
  skipNow(padding: number): boolean {
    if (!this.#reader.pass(this.#left + padding)) return false
    this.#left = 0
    this.#isPassed = true
    return true
  }

  // What lies here by now belongs to another entry; no bytes at all would look like an empty file.
  #checkPlace(): void {
    if (this.#isPassed && this.size > 0) {
      throw new MrrlError('E_INTERNAL', 'the content of an archive entry was asked for behind the entry')
    }
  }
}
