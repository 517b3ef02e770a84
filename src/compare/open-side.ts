import { statSync } from 'node:fs'
import { SCAN_DEFAULTS, type ScanOptions, scanFolder } from '../formats/directory-source.ts'
import { openFile } from '../formats/file-access.ts'
import { sizeOf } from '../model/digest.ts'
import type { BlobReader, ImageEntry } from '../model/image.ts'
import type { ImageMember } from '../model/image-reader.ts'
import type { TreeEntry } from '../model/tree.ts'
import type { Keeps, Side, Tree } from './side.ts'
import { fileSource } from './source.ts'

/**
 * Opens a file or a folder to be compared. Of a folder names, kinds, modes, owners and content count, but no times and
 * no extended attributes. Throws `E_SOURCE*`.
 */
export async function openSide(
  path: string,
  options: Pick<ScanOptions, 'signal' | 'onProgress' | 'threads'>,
): Promise<Side> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const { image, blobs } = await scanFolder(path, { ...SCAN_DEFAULTS, ...options })
    return treeSide(path, folderTree(image.entries, blobs))
  }
  const file = await openFile(path)
  return { kind: 'file', name: path, source: fileSource(file), close: () => file.close() }
}

/** A tree of a store: names, kinds, content, and who may execute. */
export function storeSide(name: string, entries: readonly TreeEntry[], blobs: BlobReader): Side {
  const members = entries.map((entry): ImageEntry => {
    const owned = { path: entry.path, mode: 0o755, uid: 0, gid: 0, xattrs: [] }
    if (entry.kind !== 'file') return { ...entry, ...owned }
    const { digest, executable } = entry
    return { kind: 'file', ...owned, digest, mode: executable ? 0o755 : 0o644 }
  })
  return treeSide(name, { ...folderTree(members, blobs), format: 'tree', keeps: new Set(['executable']) })
}

function treeSide(name: string, tree: Tree): Side {
  return { kind: 'tree', name, tree, close: async () => undefined }
}

const FOLDER_KEEPS: ReadonlySet<Keeps> = new Set(['mode', 'executable', 'owner'])

function folderTree(entries: readonly ImageEntry[], blobs: BlobReader): Tree {
  const digestOf = (entry: ImageEntry): string => (entry.kind === 'file' ? entry.digest : '')
  return {
    format: 'folder',
    keeps: FOLDER_KEEPS,
    async *members() {
      for (const entry of entries) yield { member: asMember(entry, blobs), digest: digestOf(entry) }
    },
    async *headers() {},
  }
}

function asMember(entry: ImageEntry, blobs: BlobReader): ImageMember {
  if (entry.kind === 'hardlink') return entry
  if (entry.kind !== 'file') return { ...entry, mtime: 0 }
  const { digest, ...rest } = entry
  return { ...rest, mtime: 0, size: sizeOf(digest), content: () => blobs.stream(digest) }
}
