import { inArchive } from '../archive/archive-error.ts'
import { readCpioImage } from '../archive/cpio-image.ts'
import type { ArchiveLimits } from '../archive/limits.ts'
import { readTarImage } from '../archive/tar-image.ts'
import type { ImageMember, ImageReader } from '../model/image-reader.ts'
import { DEFAULT_SQUASHFS_LIMITS } from '../squashfs/limits.ts'
import { openSquashfs } from '../squashfs/read.ts'
import { MrrlError } from '../util/errors.ts'
import { cpioHeaders, squashfsHeaders, tarHeaders } from './image-headers.ts'
import type { TreeKind } from './kinds.ts'
import type { Headers, Keeps, Tree, TreeMember } from './side.ts'
import type { Source } from './source.ts'

const KEEPS: Readonly<Record<TreeKind, ReadonlySet<Keeps>>> = {
  tar: new Set(['mode', 'executable', 'owner', 'time', 'xattrs']),
  cpio: new Set(['mode', 'executable', 'owner', 'time']),
  squashfs: new Set(['mode', 'executable', 'owner', 'time', 'xattrs']),
}

/**
 * An image as a tree. Reading it throws `E_ARCHIVE*`, for a squashfs that is not at hand as a file or in memory too.
 * @param name of the file, for errors
 */
export function imageTree(kind: TreeKind, source: Source, limits: ArchiveLimits, name: string): Tree {
  let opened: Promise<ImageReader> | undefined
  const reader = async (): Promise<ImageReader> => {
    if (kind === 'tar') return readTarImage(source.access ?? source.stream(), limits)
    if (kind === 'cpio') return readCpioImage(source.access ?? source.stream(), limits)
    if (source.access === undefined) {
      throw new MrrlError('E_ARCHIVE', 'is a squashfs that was compressed once more, or is too large to be held')
    }
    const { entries, pathBytes, bytes } = limits
    const metadata = DEFAULT_SQUASHFS_LIMITS.metadata
    opened ??= openSquashfs(source.access, { entries, pathBytes, bytes, metadata })
    return opened
  }
  return {
    format: kind,
    keeps: KEEPS[kind],
    async *members(): AsyncGenerator<TreeMember> {
      try {
        for await (const member of (await reader()).members()) yield { member: withName(member, name), digest: '' }
      } catch (error) {
        throw inArchive(name, error)
      }
    },
    async *headers(): AsyncGenerator<Headers> {
      if (kind === 'squashfs') yield* squashfsHeaders(source)
      else if (kind === 'tar') yield* tarHeaders(source)
      else yield* cpioHeaders(source, limits)
    },
  }
}

/** Errors of the content name the image too. */
function withName(member: ImageMember, name: string): ImageMember {
  if (member.kind !== 'file') return member
  return {
    ...member,
    async *content() {
      try {
        yield* member.content()
      } catch (error) {
        throw inArchive(name, error)
      }
    },
  }
}
