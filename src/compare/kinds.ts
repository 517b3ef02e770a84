import { looksLikeAr } from '../archive/ar-reader.ts'
import { looksLikeCpio } from '../archive/cpio-header.ts'
import { looksLikeTar } from '../archive/tar-header.ts'

/** Compressed streams. */
export type Packing = 'gzip' | 'xz' | 'zstd' | 'bzip2'
/** Lists of entries. */
export type TreeKind = 'tar' | 'cpio' | 'squashfs'
/** What a file is by its first bytes; `plain` is text or anything else. */
export type ContentKind = Packing | TreeKind | 'ar' | 'elf' | 'plain'

/** Bytes that tell every kind: the longest is the first header of a tar archive. */
export const HEAD_BYTES = 512

const MAGICS: readonly (readonly [ContentKind, readonly number[]])[] = [
  ['elf', [0x7f, 0x45, 0x4c, 0x46]],
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['squashfs', [0x68, 0x73, 0x71, 0x73]],
]
const BZIP2 = /^BZh[1-9](1AY&SY|.rE8P.)/s

/** Tells the kind of a file by its first {@link HEAD_BYTES} bytes; its name is not asked. */
export function kindOf(head: Uint8Array): ContentKind {
  for (const [kind, magic] of MAGICS) if (magic.every((byte, at) => head[at] === byte)) return kind
  if (BZIP2.test(Buffer.from(head.subarray(0, 10)).toString('latin1'))) return 'bzip2'
  if (looksLikeAr(head)) return 'ar'
  if (looksLikeCpio(head)) return 'cpio'
  return looksLikeTar(head) ? 'tar' : 'plain'
}

export function isPacking(kind: ContentKind): kind is Packing {
  return kind === 'gzip' || kind === 'xz' || kind === 'zstd' || kind === 'bzip2'
}

export function isTreeKind(kind: ContentKind): kind is TreeKind {
  return kind === 'tar' || kind === 'cpio' || kind === 'squashfs'
}
