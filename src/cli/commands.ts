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
    summary: 'list profiles, or the packages of one',
    about: 'Packages come in the order in which they are built, with the time that the last build took.',
    args: [{ ...PROFILE, isOptional: true }],
    options: ['recipes', 'json', 'color'],
    examples: [
      ['mrrl ls', 'all profiles'],
      ['mrrl ls x86_64', 'packages, versions and licences'],
    ],
    run: async (call) => (await import('./run-inspect.ts')).runList(call),
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
  [4, 'a source is not what the lock says, or its archive is not safe to unpack'],
  [5, 'a source could not be fetched'],
  [6, 'a package could not be built, or its files cannot be in the image'],
  [7, 'this machine refuses to make a sandbox'],
  [8, 'the result differs from the lock'],
  [10, 'the store is damaged, full, read-only or in use'],
  [130, 'interrupted (129 by SIGHUP, 143 by SIGTERM)'],
]
