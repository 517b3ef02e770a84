import { BUILD_OPTIONS, type CommandRow } from './row.ts'

/** Commands for locks. */
export const LOCK_COMMANDS: readonly CommandRow[] = [
  {
    name: 'lock',
    summary: 'build profiles and write their locks anew, check locks, or update packages',
    about:
      'Accepts the recipes as they are now: builds them and records sources and hashes in locks/<profile>.lock.json. ' +
      'Shows what is different from the lock before. With --check nothing is built or written. With --update the ' +
      'newest versions that the recipes allow are fetched, checked and pinned in all locks at once, or in none; what ' +
      'was pinned is built by the next mrrl lock. No other command changes a lock.',
    args: [
      {
        name: 'profile',
        about: 'names of profiles (default: all that have a lock); with --update, names of packages',
        isOptional: true,
        isList: true,
      },
    ],
    options: ['check', 'update', 'pre', 'acceptUnverified', 'profile', 'dryRun', 'sourcesOnly', ...BUILD_OPTIONS],
    examples: [
      ['mrrl lock x86_64', 'after a change of a recipe'],
      ['mrrl lock --check', 'in continuous integration'],
      ['mrrl lock --update busybox', 'pin the newest version that the recipe allows'],
      ['mrrl lock --update --dry-run', 'what would be updated, of all packages'],
      ['mrrl lock microroot --sources-only', 'where a source cannot be had'],
    ],
    run: async (call) => (await import('../run-lock.ts')).runLock(call),
  },
  {
    name: 'lock diff',
    summary: 'show what changed between two locks',
    about:
      'Versions, hosts, licences, sizes, who vouches, outputs and images, and what is built anew and why. With one ' +
      'lock or none, what is in the working folder is compared with the last commit.',
    args: [
      { name: 'before', about: 'a profile, or the path of a lock', isOptional: true },
      { name: 'after', about: 'another one', isOptional: true },
    ],
    options: ['json', 'color'],
    examples: [
      ['mrrl lock diff', 'all locks of the project with those of the last commit'],
      ['mrrl lock diff old/x86_64.lock.json x86_64', ''],
      ['mrrl lock diff --json', 'for a bot'],
    ],
    run: async (call) => (await import('../run-lock-diff.ts')).runLockDiff(call),
  },
]
