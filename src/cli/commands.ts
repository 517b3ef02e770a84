import type { Call } from './context.ts'
import type { Options } from './options.ts'

/** One command: what help and documentation say of it, and what runs it. */
export interface CommandRow {
  /** Words after `mrrl`. */
  readonly name: string
  readonly summary: string
  /** What a user needs to know beyond the summary. */
  readonly about: string
  readonly args: readonly { readonly name: string; readonly about: string; readonly isOptional?: boolean }[]
  readonly options: readonly (keyof Options)[]
  /** Command line, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Does the work and returns the exit status. Loads what it needs only now, so that help is quick. */
  readonly run: (call: Call) => Promise<number>
}

const PROFILE = { name: 'profile', about: 'name of a profile, see: mrrl ls' }
const PACKAGE = { name: 'package', about: 'name of a package, see: mrrl ls <profile>' }
const IMAGE = { name: 'image', about: 'path of an image file: tar, cpio or squashfs' }
const BUILD_OPTIONS = [
  'jobs',
  'keepGoing',
  'sandbox',
  'mirror',
  'offline',
  'recipes',
  'json',
  'quiet',
  'color',
] as const

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'build',
    summary: 'build the images of a profile, as locked',
    about:
      'Fetches what the store lacks, builds what has changed, writes images/<profile>/ in the working folder and ' +
      'compares all of it with the lock.',
    args: [PROFILE],
    options: BUILD_OPTIONS,
    examples: [
      ['mrrl build x86_64', 'glibc, BusyBox and binutils, compiled from source'],
      ['mrrl build mini --jobs 8', 'a small image, with eight processes'],
      ['mrrl build x86_64 --offline --mirror /media/sources', 'without any network'],
      ['mrrl build mini --json > report.json', 'sizes, hashes and times for a program'],
    ],
    run: async (call) => (await import('./run-build.ts')).runBuild(call),
  },
  {
    name: 'lock',
    summary: 'build a profile and write its lock anew',
    about:
      'Accepts the recipes as they are now: builds them and records sources and hashes in locks/<profile>.lock.json. ' +
      'Shows what is different from the lock before.',
    args: [PROFILE],
    options: [...BUILD_OPTIONS, 'sourcesOnly'],
    examples: [
      ['mrrl lock x86_64', 'after a change of a recipe'],
      ['mrrl lock microroot --sources-only', 'where a source cannot be had'],
    ],
    run: async (call) => (await import('./run-build.ts')).runLock(call),
  },
  {
    name: 'ls',
    summary: 'list profiles, the packages of one, or what is in an image',
    about:
      'Packages come in the order in which they are built, with the time that the last build took. An argument that ' +
      'is a file is an image: tar or cpio, plain or compressed, or squashfs, told by its first bytes. Its entries are ' +
      'shown with mode, owner and group, size, time in UTC and path, in which control characters and backslashes are ' +
      'written as \\ooo.',
    args: [{ name: 'profile or image', about: 'name of a profile, or path of an image file', isOptional: true }],
    options: ['recipes', 'json', 'color'],
    examples: [
      ['mrrl ls', 'all profiles'],
      ['mrrl ls x86_64', 'packages, versions and licences'],
      ['mrrl ls images/x86_64/rootfs.squashfs', 'what is in the image'],
      ['mrrl ls initramfs.cpio.zst --json', 'the same of another, for a program'],
    ],
    run: async (call) => (await import('./run-list.ts')).runList(call),
  },
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
    run: async (call) => (await import('./run-pack.ts')).runPack(call),
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
    run: async (call) => (await import('./run-image.ts')).runCat(call),
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
    run: async (call) => (await import('./run-image.ts')).runExtract(call),
  },
  {
    name: 'log',
    summary: 'print what the last build of a package printed',
    about: 'The log of the failed build when it failed, else of the one in the store.',
    args: [PROFILE, PACKAGE],
    options: ['recipes', 'json', 'color'],
    examples: [['mrrl log x86_64 busybox | less', '']],
    run: async (call) => (await import('./run-inspect.ts')).runLog(call),
  },
  {
    name: 'shell',
    summary: 'open a shell in the sandbox of a build',
    about: 'After a failure, the work folder is as the failed build left it; run the script /step/run to try again.',
    args: [PROFILE, PACKAGE],
    options: ['sandbox', 'recipes', 'color'],
    examples: [['mrrl shell x86_64 busybox', '']],
    run: async (call) => (await import('./run-inspect.ts')).runShell(call),
  },
  {
    name: 'store verify',
    summary: 'check every byte of the store',
    about: 'Removes what is damaged, so that the next build fetches or builds it again. Ends with 10 if there was any.',
    args: [],
    options: ['json', 'quiet', 'color'],
    examples: [['mrrl store verify', '']],
    run: async (call) => (await import('./run-store.ts')).runVerify(call),
  },
  {
    name: 'gc',
    summary: 'remove what no lock and no recent build needs',
    about: 'Spares what the locks of this project and of mrrl name. Does nothing while a build runs.',
    args: [],
    options: ['olderThan', 'dryRun', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl gc', ''],
      ['mrrl gc --older-than 0 --dry-run', 'what is there besides the locks'],
    ],
    run: async (call) => (await import('./run-store.ts')).runCollect(call),
  },
]

/** Exit statuses of all commands. */
export const EXIT_STATUSES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'failed for another reason'],
  [2, 'the command line, a recipe or a profile is wrong'],
  [3, 'the lock is missing, stale or was changed by hand'],
  [4, 'a source is not what the lock says, or an archive or image is damaged or not safe to unpack'],
  [5, 'a source could not be fetched'],
  [6, 'a package could not be built, or its files cannot be in the image'],
  [7, 'this machine refuses to make a sandbox'],
  [8, 'the result differs from the lock'],
  [10, 'the store is damaged, full, read-only or in use'],
  [130, 'interrupted (129 by SIGHUP, 143 by SIGTERM)'],
]
