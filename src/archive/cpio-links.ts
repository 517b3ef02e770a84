import type { ImageMember } from '../model/image-reader.ts'
import { archiveError } from './archive-error.ts'
import type { CpioHeader } from './cpio-header.ts'

type Inode = Exclude<ImageMember, { kind: 'hardlink' }>

/** Names of one file, as far as they have been seen. */
interface Group {
  readonly first: Inode
  /** Names behind the first that wait for the content. */
  readonly waiting: string[]
  /** Names seen, the first included. */
  seen: number
  /** Whether the file has been given out. */
  isOut: boolean
}

/**
 * Finds the hard links of a cpio archive: entries with one inode number and a link count above 1 are one file. The
 * content of a regular file stands with its last name (GNU cpio, libarchive), so the names before it have to wait;
 * the kernel's unpacker takes it from any of them.
 */
export class CpioLinks {
  readonly #groups = new Map<string, Group>();

  /** What can be given out now that this entry is known. Throws `E_ARCHIVE` when names of one file disagree. */
  *resolve(inode: Inode, header: CpioHeader): Generator<ImageMember> {
    if (header.links < 2 || inode.kind === 'directory') return yield inode
    const key = `${header.devMajor}:${header.devMinor}:${header.ino}`
    const group = this.#groups.get(key)
    if (group === undefined) {
      const isOut = inode.kind !== 'file' || inode.size > 0
      this.#groups.set(key, { first: inode, waiting: [], seen: 1, isOut })
      if (isOut) yield inode
      return
    }
    checkSame(group, inode)
    group.seen++
    if (group.isOut) return yield { kind: 'hardlink', path: inode.path, target: group.first.path }
    group.waiting.push(inode.path)
    const isComplete = group.seen >= header.links
    if (inode.kind === 'file' && (inode.size > 0 || isComplete)) {
      yield* give(group, { ...inode, path: group.first.path })
    }
  }

  /** Files whose content never came, because they are empty. */
  *end(): Generator<ImageMember> {
    for (const group of this.#groups.values()) if (!group.isOut) yield* give(group, group.first)
  }
}

function* give(group: Group, file: Inode): Generator<ImageMember> {
  group.isOut = true
  yield file
  for (const path of group.waiting) yield { kind: 'hardlink', path, target: file.path }
  group.waiting.length = 0
}

function checkSame({ first, isOut }: Group, inode: Inode): void {
  const isSame =
    first.kind === inode.kind &&
    first.mode === inode.mode &&
    first.uid === inode.uid &&
    first.gid === inode.gid &&
    (first.kind !== 'symlink' || (inode.kind === 'symlink' && first.target === inode.target)) &&
    (first.kind !== 'device' ||
      (inode.kind === 'device' &&
        first.type === inode.type &&
        first.major === inode.major &&
        first.minor === inode.minor)) &&
    // Two contents: the kernel would write the second over the first.
    !(isOut && inode.kind === 'file' && inode.size > 0)
  if (!isSame) {
    throw archiveError('E_ARCHIVE', `differs from ${JSON.stringify(first.path)}, which has the same inode number`, {
      entry: inode.path,
    })
  }
}
