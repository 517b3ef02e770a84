import { type CommandRow, IMAGE } from './row.ts'

/** Commands for folders and image files. */
export const IMAGE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'pack',
    summary: 'pack a folder into an image, the same bytes every time',
    about:
      'Takes the place of mksquashfs -reproducible, tar and cpio. The image depends on names, contents, modes, links ' +
      'and owners in the folder and on the options, and on nothing else: every entry has the same time. No link is ' +
      'followed. It gets its name when it is complete; if a file changes meanwhile, none is written.',
    args: [{ name: 'folder', about: 'what is packed' }],
    options: [
      'output',
      'format',
      'compression',
      'level',
      'blockSize',
      'filter',
      'epoch',
      'exclude',
      'owner',
      'group',
      'allRoot',
      'xattrs',
      'jobs',
      'json',
      'quiet',
      'color',
    ],
    examples: [
      ['mrrl pack rootfs -o rootfs.squashfs --all-root', 'zstd in blocks of 128 KiB'],
      ['mrrl pack rootfs -o small.squashfs --compression xz --block-size 1M --filter x86', 'as small as can be'],
      ['mrrl pack rootfs -o initramfs.cpio.zst --owner 0 --group 0', 'for a kernel'],
      ["mrrl pack site -o site.tar.gz --exclude '**/.git' --epoch 1700000000", 'without what git keeps'],
    ],
    run: async (call) => (await import('../run-pack.ts')).runPack(call),
  },
  {
    name: 'cat',
    summary: 'print a file of an image',
    about: 'Writes the bytes as they are. A symbolic link is not followed: the error says where it leads.',
    args: [IMAGE, { name: 'path', about: 'path in the image, with or without a leading slash' }],
    options: ['color'],
    examples: [
      ['mrrl cat rootfs.squashfs etc/passwd', ''],
      ['mrrl cat rootfs.tar.xz bin/busybox | file -', ''],
    ],
    run: async (call) => (await import('../run-image.ts')).runCat(call),
  },
  {
    name: 'extract',
    summary: 'unpack an image into a new or empty folder',
    about:
      'Nothing is written anywhere else, whatever the image says. Modes and times are those of the image; owners, ' +
      'set-id bits, devices, sockets and extended attributes are left out, and the first three can be asked for. After a ' +
      'failure nothing is left.',
    args: [IMAGE, { name: 'folder', about: 'where to; must not be there, or be empty' }],
    options: ['owners', 'devices', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl extract rootfs.squashfs rootfs', ''],
      ['mrrl extract rootfs.tar.xz rootfs --owners --devices', 'as root, to boot from it'],
    ],
    run: async (call) => (await import('../run-image.ts')).runExtract(call),
  },
]
