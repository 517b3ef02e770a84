import { FORMATS, type Format } from '../model/profile.ts'

/** Formats that are one file. */
export type FileFormat = Exclude<Format, 'dir'>

/** All of them, as they end file names. */
export const FILE_FORMATS: readonly FileFormat[] = FORMATS.filter((format) => format !== 'dir')

/** Compressors of squashfs, as its tools name them. */
export const SQUASHFS_COMPRESSIONS = ['gzip', 'xz', 'zstd'] as const
export type SquashfsCompression = (typeof SQUASHFS_COMPRESSIONS)[number]

/** Other endings in use. */
const ALIASES: Readonly<Record<string, FileFormat>> = {
  sqfs: 'squashfs',
  sfs: 'squashfs',
  tgz: 'tar.gz',
  txz: 'tar.xz',
  tzst: 'tar.zst',
}

/** The format that a file name ends in; undefined when it is none of these. */
export function formatOfName(name: string): FileFormat | undefined {
  const endings: readonly (readonly [string, FileFormat])[] = [
    ...FILE_FORMATS.map((format) => [format, format] as const),
    ...Object.entries(ALIASES),
  ]
  return endings.find(([ending]) => name.endsWith(`.${ending}`))?.[1]
}
