/**
 * Every error code: the exit status it leads to, and what the user can do next.
 * Statuses: 1 failure, 2 usage or recipe, 3 lock, 4 integrity, 5 network, 6 build, 7 sandbox,
 * 8 not reproducible, 10 store, 130 interrupted.
 */
export const ERROR_CODES = {
  E_INTERNAL: { exit: 1, hint: 'This is a fault in mrrl. Please report it with the command and this text.' },
  E_USAGE: { exit: 2, hint: 'See: mrrl --help' },
  E_INTERRUPTED: { exit: 130, hint: 'Run the command again: finished steps are kept.' },
  E_NODE_VERSION: { exit: 2, hint: 'Install the pinned Node: npx -y -p node@24 -- npm ci' },

  E_PROFILE_UNKNOWN: { exit: 2, hint: 'See the profiles with: mrrl ls' },
  E_PACKAGE_UNKNOWN: { exit: 2, hint: 'See the packages of a profile with: mrrl ls <profile>' },
  E_RECIPE_INVALID: { exit: 2, hint: 'Correct the field in the file named above.' },
  E_RECIPE_CYCLE: { exit: 2, hint: 'Remove one of the needs that close the circle.' },

  E_LOCK_MISSING: { exit: 3, hint: 'Write it with: mrrl lock <profile>' },
  E_LOCK_INVALID: { exit: 3, hint: 'Restore the file from version control, or write it anew: mrrl lock <profile>' },
  E_LOCK_VERSION: { exit: 3, hint: 'Another version of mrrl wrote it. Write it anew: mrrl lock <profile>' },
  E_LOCK_STALE: { exit: 3, hint: 'See what changed and accept it with: mrrl lock <profile>' },

  E_INTEGRITY: { exit: 4, hint: 'The file was kept out of the store. If upstream replaced it, write the lock anew.' },
  E_ARCHIVE: { exit: 4, hint: 'The archive breaks a rule of docs/formats/archives.md and was not unpacked.' },
  E_ARCHIVE_PATH: { exit: 4, hint: 'An entry would leave the target folder. The archive was not unpacked.' },
  E_ARCHIVE_LIMIT: {
    exit: 4,
    hint: 'The archive is larger than its limit. If it is honest, raise the limit in the recipe.',
  },

  E_FETCH: { exit: 5, hint: 'Put the file into a folder under its file name and pass: --mirror <folder>' },
  E_FETCH_SIZE: { exit: 5, hint: 'The server sent more than the lock says. Use another location or a mirror.' },
  E_MIRROR: { exit: 4, hint: 'Mend it where there is a network: mrrl mirror <folder> [profile...]' },
  E_OFFLINE: { exit: 5, hint: 'Run once without --offline, or pass a mirror that holds the file: --mirror <folder>' },

  E_INDEX: { exit: 5, hint: 'Nothing was changed. Try again later, or correct the index in the recipe (update).' },
  E_INDEX_LIMIT: { exit: 5, hint: 'No honest index is so large or so slow. Nothing was changed.' },
  E_INDEX_REFUSED: { exit: 4, hint: 'The index names what it must not: tell its keepers. Nothing was changed.' },
  E_INDEX_UNSIGNED: { exit: 4, hint: 'Nothing that an archive says counts without its signature. See docs/update.md.' },
  E_SIGNATURE: { exit: 4, hint: 'The file is not what its author signed. Nothing was changed.' },
  E_UPDATE_DOWNGRADE: { exit: 4, hint: 'An older version is never taken by itself: write it into the recipe.' },
  E_UPDATE_HOST: { exit: 4, hint: 'If upstream has moved, write the new location and version into the recipe.' },
  E_UPDATE_SIGNER: {
    exit: 4,
    hint: 'If upstream announced another key, write the new version and its key into the recipe.',
  },
  E_UPDATE_UNVERIFIED: {
    exit: 4,
    hint: 'Add a signature, checksum file or second location to the recipe, or take it with: --accept-unverified',
  },
  E_UPDATE_REROLLED: { exit: 4, hint: 'Compare the two files before you take either. The lock keeps the old one.' },

  E_BUILD_FAILED: { exit: 6, hint: 'Enter the step as it was with: mrrl shell <profile> <package>' },
  E_BUILD_TIMEOUT: { exit: 6, hint: 'The step ran longer than its recipe allows (timeout).' },
  E_OUTPUT_INVALID: { exit: 6, hint: 'Correct the install step of the recipe.' },
  E_CONFLICT: {
    exit: 6,
    hint: 'Let one recipe leave the file out (outputs), or state the winner in the profile (overrides).',
  },
  E_HOST_LEAK: {
    exit: 6,
    hint: 'The build wrote a path or name of a build machine into its output. Correct the recipe.',
  },
  E_MACHINE: { exit: 6, hint: 'A program for another machine must not enter the image. Correct the recipe.' },

  E_SANDBOX: { exit: 7, hint: 'mrrl needs user namespaces; see docs/sandbox.md.' },
  E_NOT_REPRODUCIBLE: { exit: 8, hint: 'See in what it differs, and why, with: mrrl verify <profile>' },

  E_STORE: { exit: 10, hint: 'Check the folder and its permissions, or choose another with MRRL_HOME.' },
  E_STORE_FULL: { exit: 10, hint: 'Free space (mrrl gc helps) and run the command again; finished steps are kept.' },
  E_STORE_READ_ONLY: { exit: 10, hint: 'Make the store writable, or choose another with MRRL_HOME.' },
  E_STORE_CORRUPT: { exit: 10, hint: 'See what is damaged with: mrrl store verify. A build fetches or rebuilds it.' },
  E_STORE_VERSION: {
    exit: 10,
    hint: 'The store was written by another version of mrrl. Choose another with MRRL_HOME.',
  },

  E_IMAGE: { exit: 1, hint: 'The image format cannot hold this entry. Leave it out, or choose another format.' },
  E_PATH_UNKNOWN: { exit: 2, hint: 'See what is in it with: mrrl ls <image>' },
  E_SOURCE: { exit: 1, hint: 'Correct what is named above, or leave it out with: --exclude <glob>' },
  E_SOURCE_CHANGED: { exit: 1, hint: 'Stop what writes to the folder, or pack a copy of it. No image was written.' },
  E_TARGET: { exit: 1, hint: 'Choose another place. Nothing half-written stays there.' },
} as const

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES
