import { archiveError } from '../../archive/archive-error.ts'
import type { ArchiveEntry, Content } from '../../archive/entry.ts'
import { checkSymlinks, checkTarget, stripPath } from '../../archive/entry-path.ts'
import type { Budget } from '../../archive/limits.ts'
import { Names } from '../../archive/names.ts'
import type { Digest } from '../../model/digest.ts'
import type { Source } from '../../model/recipe.ts'
import type { TreeBuilder } from '../../store/trees.ts'
import { globMatcher } from '../../util/glob.ts'

/** Files up to this many bytes are written side by side, so that their fsyncs overlap. */
const SMALL_FILE = 1 << 20
const FILES_IN_FLIGHT = 16

/** Which entries of an archive become part of the tree, and where. */
type Selection = Pick<Source, 'strip' | 'include' | 'exclude'>

interface StoredFile {
  readonly size: number
  readonly executable: boolean
  readonly digest: Promise<Digest>
}

/** Puts entries of one or more archives into a tree of the store. */
export class TreeWriter {
  readonly #builder: TreeBuilder
  readonly #budget: Budget
  readonly #strip: number
  readonly #keeps: (path: string) => boolean
  readonly #names = new Names(true)
  readonly #symlinks = new Map<string, string>()
  readonly #inFlight = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(builder: TreeBuilder, selection: Selection, budget: Budget) {
    const isIncluded = selection.include.length === 0 ? () => true : globMatcher(selection.include)
    const isExcluded = globMatcher(selection.exclude)
    this.#builder = builder
    this.#budget = budget
    this.#strip = selection.strip
    this.#keeps = (path) => isIncluded(path) && !isExcluded(path)
  }

  /** Adds all entries of one archive. Throws `E_ARCHIVE*`, or what the store throws. */
  async addArchive(entries: AsyncIterable<ArchiveEntry>): Promise<void> {
    const names = new Names(false)
    const files = new Map<string, StoredFile>()
    for await (const entry of entries) {
      const kind = entry.kind === 'hardlink' ? 'file' : entry.kind
      if (entry.kind === 'hardlink') this.#checkHardLink(entry.path, entry.target, names)
      if (entry.path !== '') names.add(entry.path, kind)
      this.#budget.entry(entry.kind === 'file' ? entry.content.size : 0)
      const path = stripPath(entry.path, this.#strip)
      if (path === undefined || path === '' || !this.#keeps(path)) continue
      this.#names.add(path, kind)
      if (entry.kind === 'directory') this.#builder.addDirectory(path)
      else if (entry.kind === 'symlink') this.#addSymlink(path, entry.target)
      else if (entry.kind === 'hardlink') await this.#addCopy(path, entry.path, entry.target, files)
      else files.set(entry.path, await this.#addFile(path, entry.content, entry.executable))
    }
  }

  /** Adds one file at the root of the tree. */
  async addPlain(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    this.#names.add(path, 'file')
    this.#budget.entry(0)
    await this.#builder.addFile(path, pieces, false)
  }

  /** Follows all links, waits for all files and stores the tree. Throws `E_ARCHIVE_PATH`, or what the store throws. */
  async finish(): Promise<Digest> {
    checkSymlinks(this.#symlinks)
    await this.settle()
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#builder.finish()
  }

  /** Waits for files under way, whether they succeed or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#inFlight)
  }

  #checkHardLink(path: string, target: string, names: Names): void {
    if (names.has(target, 'file')) return
    const what = `is a hard link to ${JSON.stringify(target)}, which is no earlier file`
    throw archiveError('E_ARCHIVE_PATH', what, { entry: path, fields: { target } })
  }

  #addSymlink(path: string, target: string): void {
    checkTarget(path, target)
    this.#symlinks.set(path, target)
    this.#builder.addSymlink(path, target)
  }

  /** A tree has no hard links: each becomes a file of the same content. */
  async #addCopy(path: string, name: string, target: string, files: Map<string, StoredFile>): Promise<void> {
    const file = files.get(target)
    if (file === undefined) {
      const what = `is a hard link to ${JSON.stringify(target)}, which include, exclude or strip leaves out: keep both`
      throw archiveError('E_ARCHIVE', what, { entry: name, fields: { target } })
    }
    this.#budget.copy(file.size)
    files.set(name, file)
    this.#builder.addFileByDigest(path, await file.digest, file.executable)
  }

  async #addFile(path: string, content: Content, executable: boolean): Promise<StoredFile> {
    const { size } = content
    if (size > SMALL_FILE) {
      const digest = await this.#builder.addFile(path, content.pieces(), executable)
      return { size, executable, digest: Promise.resolve(digest) }
    }
    const bytes = await content.bytes()
    while (this.#inFlight.size >= FILES_IN_FLIGHT) await Promise.race(this.#inFlight)
    if (this.#failure !== undefined) throw this.#failure.error
    const digest = this.#builder.addFile(path, bytes, executable)
    const written = digest.then(
      () => void this.#inFlight.delete(written),
      (error: unknown) => {
        this.#failure ??= { error }
        this.#inFlight.delete(written)
      },
    )
    this.#inFlight.add(written)
    return { size, executable, digest }
  }
}
