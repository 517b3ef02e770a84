import { BUILD_COMMANDS } from './commands/build.ts'
import { COMPARE_COMMANDS } from './commands/compare.ts'
import { EXPLAIN_COMMANDS } from './commands/explain.ts'
import { IMAGE_COMMANDS } from './commands/images.ts'
import { INSPECT_COMMANDS } from './commands/inspect.ts'
import { LOCK_COMMANDS } from './commands/lock.ts'
import { MIRROR_COMMANDS } from './commands/mirror.ts'
import type { CommandRow } from './commands/row.ts'
import { STORE_COMMANDS } from './commands/store.ts'
import { VERIFY_COMMANDS } from './commands/verify.ts'

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly CommandRow[] = [
  ...BUILD_COMMANDS,
  ...LOCK_COMMANDS,
  ...VERIFY_COMMANDS,
  ...MIRROR_COMMANDS,
  ...INSPECT_COMMANDS,
  ...EXPLAIN_COMMANDS,
  ...IMAGE_COMMANDS,
  ...COMPARE_COMMANDS,
  ...STORE_COMMANDS,
]

/** Exit statuses of all commands. */
export const EXIT_STATUSES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'failed for another reason; of `mrrl diff`: the two differ'],
  [2, 'the command line, a recipe or a profile is wrong'],
  [3, 'the lock is missing, stale or was changed by hand'],
  [
    4,
    'a source or a file of a mirror is not what the lock says, or an archive or image is damaged or not safe to unpack',
  ],
  [5, 'a source could not be fetched'],
  [6, 'a package could not be built, or its files cannot be in the image'],
  [7, 'this machine refuses to make a sandbox'],
  [8, 'the result differs from the lock'],
  [10, 'the store is damaged, full, read-only or in use'],
  [130, 'interrupted (129 by SIGHUP, 143 by SIGTERM)'],
]
