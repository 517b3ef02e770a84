import type { Image, Inode } from '../model/image.ts'
import type { DirectoryLayout } from './inode.ts'

/** An inode that is being written. */
export interface InodeNode {
  readonly entry: Inode
  /** From 1 on; the root is 1. */
  number: number
  /** Names of the inode; for a directory 2 and one per directory in it. */
  links: number
  /** Index of its extended attributes, or null. */
  readonly xattrs: number | null
  /** The directory among whose inodes it stands: of the directories that name it, the first of the deepest. */
  home: DirectoryNode | null
  /** Offset in the unpacked inode table. */
  offset: number
}

/** An inode that has a listing. */
export interface DirectoryNode extends InodeNode {
  readonly depth: number
  readonly parent: DirectoryNode | null
  /** In the byte order of the names. */
  readonly names: Name[]
  layout: DirectoryLayout | null
}

/** An entry of a directory. */
export interface Name {
  readonly path: string
  readonly node: InodeNode
}

/** All inodes of an image. */
export interface InodeTree {
  readonly root: DirectoryNode
  readonly count: number
  /** Directories by their depth; in each list those of the image's first directories first. */
  readonly levels: readonly (readonly DirectoryNode[])[]
}

/**
 * Makes one node of each inode and numbers them: the root, then directory by directory those that are at home in it, so
 * that the differences in its listing are small.
 * @param xattrs index of the extended attributes of the entries that have any
 */
export function buildInodeTree(image: Image, xattrs: ReadonlyMap<Inode, number>): InodeTree {
  const root = buildNames(image, xattrs)
  let count = 1
  root.number = count
  const levels: DirectoryNode[][] = []
  for (let level = [root]; level.length > 0; ) {
    levels.push(level)
    const next: DirectoryNode[] = []
    for (const directory of level) {
      for (const { node } of directory.names) {
        if (node.home !== directory || node.number > 0) continue
        node.number = ++count
        if (isDirectory(node)) next.push(node)
      }
    }
    level = next
  }
  return { root, count, levels }
}

function buildNames(image: Image, xattrs: ReadonlyMap<Inode, number>): DirectoryNode {
  const targets = new Set<string>()
  for (const entry of image.entries) if (entry.kind === 'hardlink') targets.add(entry.target)
  const linked = new Map<string, InodeNode>()
  const directories = new Map<string, DirectoryNode>()
  for (const entry of image.entries) {
    const parent = entry.path === '' ? null : (directories.get(folderOf(entry.path)) as DirectoryNode)
    if (entry.kind === 'hardlink') {
      addLink(linked.get(entry.target) as InodeNode, parent as DirectoryNode, entry.path)
      continue
    }
    const common = { entry, number: 0, xattrs: xattrs.get(entry) ?? null, home: parent, offset: 0 }
    let node: InodeNode
    if (entry.kind === 'directory') {
      const depth = parent === null ? 0 : parent.depth + 1
      const directory: DirectoryNode = { ...common, links: 2, depth, parent, names: [], layout: null }
      directories.set(entry.path, directory)
      if (parent !== null) parent.links++
      node = directory
    } else {
      node = { ...common, links: 1 }
      if (targets.has(entry.path)) linked.set(entry.path, node)
    }
    parent?.names.push({ path: entry.path, node })
  }
  return directories.get('') as DirectoryNode
}

// A listing needs the places of its inodes, and deep directories are written first.
function addLink(node: InodeNode, parent: DirectoryNode, path: string): void {
  node.links++
  if (parent.depth > (node.home as DirectoryNode).depth) node.home = parent
  parent.names.push({ path, node })
}

function isDirectory(node: InodeNode): node is DirectoryNode {
  return node.entry.kind === 'directory'
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}
