import { BUILD_OPTIONS, type CommandRow, PROFILE } from './row.ts'

/** Commands for locks. */
export const LOCK_COMMANDS: readonly CommandRow[] = [
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
    run: async (call) => (await import('../run-lock.ts')).runLock(call),
  },
]
