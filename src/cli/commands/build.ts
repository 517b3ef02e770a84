import { BUILD_OPTIONS, type CommandRow, PROFILE } from './row.ts'

/** Commands that make images. */
export const BUILD_COMMANDS: readonly CommandRow[] = [
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
    run: async (call) => (await import('../run-build.ts')).runBuild(call),
  },
]
