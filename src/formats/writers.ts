import type { ImageWriter } from '../model/image.ts'
import type { Format } from '../model/profile.ts'
import { squashfsWriter } from './squashfs.ts'
import { tarXzWriter } from './tar-xz.ts'

/** Writers of the formats that are one file; `dir` is a folder and has `writeDir`. */
export const IMAGE_WRITERS: Readonly<Record<Exclude<Format, 'dir'>, ImageWriter>> = {
  'tar.xz': tarXzWriter,
  squashfs: squashfsWriter,
}
