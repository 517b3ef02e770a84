import { archiveError } from './archive-error.ts'

type Kind = 'directory' | 'file' | 'symlink'

/** Which paths are taken, so that no entry replaces another or is written through one. */
export class Names {
  readonly #kinds = new Map<string, Kind | 'parent'>()
  readonly #foldersMayRepeat: boolean

  constructor(foldersMayRepeat: boolean) {
    this.#foldersMayRepeat = foldersMayRepeat
  }

  /** Takes a path; throws `E_ARCHIVE` when it is taken and `E_ARCHIVE_PATH` when a folder above it is a link. */
  add(path: string, kind: Kind): void {
    const taken = this.#kinds.get(path)
    if (taken === undefined) this.#addParents(path)
    else if (kind !== 'directory' || taken === 'file' || taken === 'symlink' || this.#isRepeat(taken)) {
      throw archiveError('E_ARCHIVE', 'is there twice', { entry: path })
    }
    this.#kinds.set(path, kind)
  }

  has(path: string, kind: Kind): boolean {
    return this.#kinds.get(path) === kind
  }

  #isRepeat(taken: Kind | 'parent'): boolean {
    return taken === 'directory' && !this.#foldersMayRepeat
  }

  #addParents(path: string): void {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end)
      const taken = this.#kinds.get(parent)
      if (taken === 'directory' || taken === 'parent') return
      if (taken === 'symlink') throw archiveError('E_ARCHIVE_PATH', `lies below the link ${parent}`, { entry: path })
      if (taken === 'file') throw archiveError('E_ARCHIVE', `lies below the file ${parent}`, { entry: path })
      this.#kinds.set(parent, 'parent')
    }
  }
}
