import { createHash } from 'node:crypto'
import { makeDigest } from '../model/digest.ts'
import type { Xattr } from '../model/image.ts'
import type { ImageMember } from '../model/image-reader.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import type { Run } from './place.ts'
import type { Tree } from './side.ts'

/** An entry of a tree without its content. A further name of a file is listed as that file. */
export interface Listed {
  /** With what belongs to it: `char 1,3`. */
  readonly kind: ImageMember['kind']
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly xattrs: readonly Xattr[]
  /** Target of a symbolic link, numbers of a device; else ''. */
  readonly detail: string
  /** Of a file; else 0. */
  readonly size: number
  /** Of a file; else ''. */
  readonly digest: string
  /** Where the entry itself is: the first name of a file in the order of the tree. */
  readonly origin: string
}

/** A tree in memory: entries in its order, and all names of each file that has several. */
export interface Listing {
  readonly entries: ReadonlyMap<string, Listed>
  /** By {@link Listed.origin}, sorted. */
  readonly names: ReadonlyMap<string, readonly string[]>
}

/** Reads a whole tree once, and all content whose digest is not known. Throws what the tree throws. */
export async function listTree(tree: Tree, run: Run): Promise<Listing> {
  const entries = new Map<string, Listed>()
  const names = new Map<string, string[]>()
  for await (const { member, digest } of tree.members()) {
    const { path } = member
    if (member.kind === 'hardlink') {
      const target = entries.get(member.target)
      if (target === undefined) throw new MrrlError('E_INTERNAL', `/${path} is a link to what was not listed`)
      entries.set(path, target)
      names.set(target.origin, [...(names.get(target.origin) ?? [target.origin]), path].sort(compareBytes))
      await run.step(1, 0)
      continue
    }
    const { kind, mode, uid, gid, mtime, xattrs } = member
    entries.set(path, {
      kind,
      mode,
      uid,
      gid,
      mtime,
      xattrs,
      detail: detailOf(member),
      size: member.kind === 'file' ? member.size : 0,
      digest: member.kind === 'file' ? digest || (await hashed(member, run)) : '',
      origin: path,
    })
    await run.step(1, 0)
  }
  return { entries, names }
}

async function hashed(member: ImageMember & { kind: 'file' }, run: Run): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of member.content()) {
    hash.update(piece)
    await run.step(0, piece.length)
  }
  return makeDigest(hash.digest('hex'), member.size)
}

function detailOf(member: Exclude<ImageMember, { kind: 'hardlink' }>): string {
  if (member.kind === 'symlink') return member.target
  return member.kind === 'device' ? `${member.type} ${member.major},${member.minor}` : ''
}
