import type { CommandRow } from './row.ts'

/** Commands for the store. */
export const STORE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'store verify',
    summary: 'check every byte of the store',
    about: 'Removes what is damaged, so that the next build fetches or builds it again. Ends with 10 if there was any.',
    args: [],
    options: ['json', 'quiet', 'color'],
    examples: [['mrrl store verify', '']],
    run: async (call) => (await import('../run-store.ts')).runVerify(call),
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
    run: async (call) => (await import('../run-store.ts')).runCollect(call),
  },
]
