/**
 * Packs a folder as a squashfs, lists it, and unpacks it again.
 *
 *   node examples/pack-folder.ts <folder> <image.squashfs> <new folder>
 */
import {
  EXTRACT_DEFAULTS,
  extractImage,
  MrrlError,
  openImage,
  PACK_DEFAULTS,
  packImage,
  SCAN_DEFAULTS,
  scanFolder,
} from 'mrrl/formats'

const [folder = '.', file = 'image.squashfs', unpacked = 'unpacked'] = process.argv.slice(2)

try {
  // All entries belong to root and have one time: the image depends on nothing but names, modes and contents.
  const { image, blobs, warnings } = await scanFolder(folder, {
    ...SCAN_DEFAULTS,
    uid: 0,
    gid: 0,
    exclude: ['**/.git'],
  })
  for (const warning of warnings) console.warn(warning)

  const bytes = await packImage(image, blobs, file, { ...PACK_DEFAULTS, format: 'squashfs' })
  console.log(`${file}: ${bytes} bytes, ${image.entries.length} entries`)

  const packed = await openImage(file)
  try {
    for await (const member of packed.members()) {
      console.log(member.kind === 'file' ? `${member.path}, ${member.size} bytes` : `${member.path} (${member.kind})`)
    }
    await extractImage(packed, unpacked, { ...EXTRACT_DEFAULTS, filesAtOnce: packed.filesAtOnce })
  } finally {
    await packed.close()
  }
} catch (error) {
  if (!(error instanceof MrrlError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = error.exit
}
