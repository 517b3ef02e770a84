/**
 * The image formats as a library: `import { scanFolder, packImage, openImage } from 'mrrl/formats'`.
 *
 * An {@link Image} is a list of entries and one time; a {@link BlobReader} gives the content of its files. `scanFolder`
 * makes both from a folder, `packImage` writes them to a file in any format, and `writeSquashfs`, `tarBytes` and
 * `cpioBytes` write them wherever the caller wants. `openImage` reads an image file of any format. Every failure is a
 * {@link MrrlError} with a stable code; `docs/errors.md` lists them.
 */
export { readCpioImage } from '../archive/cpio-image.ts'
export { type ArchiveLimits, IMAGE_LIMITS } from '../archive/limits.ts'
export { readTarImage } from '../archive/tar-image.ts'
export { checkImage } from '../model/check-image.ts'
export { type Digest, digestOf, makeDigest, sizeOf } from '../model/digest.ts'
export type {
  BlobReader,
  BranchFilter,
  HardLink,
  Image,
  ImageEntry,
  ImageSink,
  Inode,
  Owned,
  Xattr,
} from '../model/image.ts'
export type { ImageMember, ImageReader, MemberContent, RandomAccess, Timed } from '../model/image-reader.ts'
export { comparePaths } from '../model/tree.ts'
export type { Compression } from '../squashfs/compression.ts'
export { DEFAULT_SQUASHFS_LIMITS, type SquashfsLimits } from '../squashfs/limits.ts'
export { openSquashfs, type SquashfsReader } from '../squashfs/read.ts'
export { type SquashfsOptions, writeSquashfs } from '../squashfs/write.ts'
export type { ErrorCode } from '../util/error-codes.ts'
export { MrrlError } from '../util/errors.ts'
export { type CompressOptions, compressStream, type StreamCompression } from './compress-stream.ts'
export { cpioBytes } from './cpio.ts'
export { membersOf, writeDir } from './dir.ts'
export { SCAN_DEFAULTS, type ScannedFolder, type ScanOptions, scanFolder } from './directory-source.ts'
export { EXTRACT_DEFAULTS, type ExtractOptions, extractImage } from './extract.ts'
export { type OpenFile, openFile } from './file-access.ts'
export { FILE_FORMATS, type FileFormat, formatOfName, type SquashfsCompression } from './format-names.ts'
export { writeImageFile } from './image-file.ts'
export { type ImageFamily, type OpenedImage, openImage } from './open-image.ts'
export { PACK_DEFAULTS, type PackOptions, packImage } from './pack.ts'
export { tarBytes } from './tar.ts'
