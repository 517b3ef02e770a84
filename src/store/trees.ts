import type { Digest } from '../model/digest.ts'
import { type Directory, decodeDirectory, encodeDirectory, isEntryName } from '../model/directory.ts'
import { comparePaths, type TreeEntry } from '../model/tree.ts'
import { MrrlError } from '../util/errors.ts'
import type { BlobStore } from './blobs.ts'

/** Collects the entries of a new tree in any order; parents come by themselves. */
export interface TreeBuilder {
  addFile(path: string, content: Uint8Array | AsyncIterable<Uint8Array>, executable: boolean): Promise<Digest>
  addFileByDigest(path: string, digest: Digest, executable: boolean): void
  addSymlink(path: string, target: string): void
  addDirectory(path: string): void
  /** Stores the directories and returns the root. Throws `E_INTERNAL` when a path is bad or used twice. */
  finish(): Promise<Digest>
}

/** Directories by content. A tree is named by the digest of its root {@link Directory}. */
export class TreeStore {
  readonly #blobs: BlobStore

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  create(): TreeBuilder {
    const entries: TreeEntry[] = []
    return {
      addFile: async (path, content, executable) => {
        const digest =
          content instanceof Uint8Array
            ? await this.#blobs.put(content, executable)
            : await this.#blobs.putStream(content, executable)
        entries.push({ kind: 'file', path, digest, executable })
        return digest
      },
      addFileByDigest: (path, digest, executable) => void entries.push({ kind: 'file', path, digest, executable }),
      addSymlink: (path, target) => void entries.push({ kind: 'symlink', path, target }),
      addDirectory: (path) => void entries.push({ kind: 'directory', path }),
      finish: () => this.write(entries),
    }
  }

  async directory(digest: Digest): Promise<Directory> {
    return decodeDirectory(await this.#blobs.read(digest))
  }

  /** All entries below a root, folders before what is in them, in the order of {@link comparePaths}. */
  async entries(root: Digest): Promise<TreeEntry[]> {
    const found: TreeEntry[] = []
    const visit = async (digest: Digest, prefix: string): Promise<void> => {
      const { files, directories, symlinks } = await this.directory(digest)
      for (const { name, digest: content, executable } of files) {
        found.push({ kind: 'file', path: prefix + name, digest: content, executable })
      }
      for (const { name, target } of symlinks) found.push({ kind: 'symlink', path: prefix + name, target })
      for (const { name, digest: below } of directories) {
        found.push({ kind: 'directory', path: prefix + name })
        await visit(below, `${prefix}${name}/`)
      }
    }
    await visit(root, '')
    return found.sort((a, b) => comparePaths(a.path, b.path))
  }

  /** Stores a flat list as a tree; missing parents are made. */
  async write(entries: readonly TreeEntry[]): Promise<Digest> {
    const root = newFolder()
    for (const entry of entries) {
      const names = entry.path.split('/')
      const name = names.pop() ?? ''
      const parent = enter(root, names, entry.path)
      if (entry.kind === 'directory') enter(parent, [name], entry.path)
      else add(parent, name, entry)
    }
    return this.#store(root)
  }

  /** Root of the part of a tree below `path`; undefined when there is no such directory. */
  async subtree(root: Digest, path: string): Promise<Digest | undefined> {
    let at = root
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next = (await this.directory(at)).directories.find((node) => node.name === name)
      if (next === undefined) return undefined
      at = next.digest
    }
    return at
  }

  async #store(folder: Folder): Promise<Digest> {
    const below = await Promise.all(
      [...folder.folders].map(async ([name, child]) => ({ name, digest: await this.#store(child) })),
    )
    const files: Directory['files'][number][] = []
    const symlinks: Directory['symlinks'][number][] = []
    for (const [name, entry] of folder.leaves) {
      if (entry.kind === 'file') files.push({ name, digest: entry.digest, executable: entry.executable })
      else symlinks.push({ name, target: entry.target })
    }
    return this.#blobs.put(encodeDirectory({ files, directories: below, symlinks }))
  }
}

type Leaf = Exclude<TreeEntry, { kind: 'directory' }>

interface Folder {
  readonly folders: Map<string, Folder>
  readonly leaves: Map<string, Leaf>
}

function newFolder(): Folder {
  return { folders: new Map(), leaves: new Map() }
}

function enter(from: Folder, names: readonly string[], path: string): Folder {
  let at = from
  for (const name of names) {
    if (!isEntryName(name) || at.leaves.has(name)) throw badPath(path)
    let next = at.folders.get(name)
    if (next === undefined) {
      next = newFolder()
      at.folders.set(name, next)
    }
    at = next
  }
  return at
}

function add(folder: Folder, name: string, entry: Leaf): void {
  if (!isEntryName(name) || folder.folders.has(name) || folder.leaves.has(name)) throw badPath(entry.path)
  folder.leaves.set(name, entry)
}

function badPath(path: string): MrrlError {
  return new MrrlError('E_INTERNAL', `bad or repeated path in a tree: ${JSON.stringify(path)}`, { fields: { path } })
}
