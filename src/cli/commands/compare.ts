import type { CommandRow } from './row.ts'

/** Commands that compare. */
export const COMPARE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'diff',
    summary: 'say what differs between two images, folders or files, and why it may',
    about:
      'Compares entries, metadata and content: programs by section and symbol, archives and compressed files by what is ' +
      'in them, texts line by line; images of one format in their header fields too. Formats are told by the first bytes ' +
      'and may differ; of folders times and extended attributes do not count. What is called a cause is the most likely ' +
      'one. Ends with 0 when both are the same, with 1 when they differ, and with another status when one of them cannot ' +
      'be read.',
    args: [
      { name: 'before', about: 'an image of any format, a folder or a file' },
      { name: 'after', about: 'what it is compared with' },
    ],
    options: ['limit', 'withDiffoscope', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl diff old/rootfs.squashfs new/rootfs.squashfs', 'what a change has changed'],
      ['mrrl diff rootfs.tar.xz rootfs.squashfs', 'whether both hold the same tree'],
      ['mrrl diff build-1 build-2 --json', 'two folders, for a program'],
      ['mrrl diff a.o b.o --with-diffoscope', 'and what diffoscope says of it'],
    ],
    run: async (call) => (await import('../run-diff.ts')).runDiff(call),
  },
]
