import type { ImageWriter } from '../model/image.ts'
import type { Format } from '../model/profile.ts'
import { squashfsWriter } from './squashfs.ts'
import {
  cpioGzWriter,
  cpioWriter,
  cpioXzWriter,
  cpioZstWriter,
  tarGzWriter,
  tarWriter,
  tarXzWriter,
  tarZstWriter,
} from './stream-writers.ts'

/** Writers of the formats that are one file; `dir` is a folder and has `writeDir`. */
export const IMAGE_WRITERS: Readonly<Record<Exclude<Format, 'dir'>, ImageWriter>> = {
  tar: tarWriter,
  'tar.gz': tarGzWriter,
  'tar.zst': tarZstWriter,
  'tar.xz': tarXzWriter,
  cpio: cpioWriter,
  'cpio.gz': cpioGzWriter,
  'cpio.zst': cpioZstWriter,
  'cpio.xz': cpioXzWriter,
  squashfs: squashfsWriter,
}
