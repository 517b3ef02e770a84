import { type CommandRow, PACKAGE, PROFILE } from './row.ts'

/** Commands that show something and change nothing. */
export const INSPECT_COMMANDS: readonly CommandRow[] = [
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
    run: async (call) => (await import('../run-list.ts')).runList(call),
  },
  {
    name: 'log',
    summary: 'print what the last build of a package printed',
    about: 'The log of the failed build when it failed, else of the one in the store.',
    args: [PROFILE, PACKAGE],
    options: ['recipes', 'json', 'color'],
    examples: [['mrrl log x86_64 busybox | less', '']],
    run: async (call) => (await import('../run-inspect.ts')).runLog(call),
  },
  {
    name: 'shell',
    summary: 'open a shell in the sandbox of a build',
    about: 'After a failure, the work folder is as the failed build left it; run the script /step/run to try again.',
    args: [PROFILE, PACKAGE],
    options: ['sandbox', 'recipes', 'color'],
    examples: [['mrrl shell x86_64 busybox', '']],
    run: async (call) => (await import('../run-inspect.ts')).runShell(call),
  },
]
