import { type CommandRow, PROFILE } from './row.ts'

const PROFILES = {
  ...PROFILE,
  about: 'names of profiles; default: all that have a lock in locks/, else all that come with a lock from mrrl',
  isOptional: true,
  isList: true,
}
const MIRROR = { name: 'folder', about: 'the mirror' }

/** Commands that bring sources here, or to where there is no network. */
export const MIRROR_COMMANDS: readonly CommandRow[] = [
  {
    name: 'fetch',
    summary: 'bring all locked sources into the store',
    about:
      'Everything that builds of the profiles start from, the first compiler included, so that they need no network ' +
      'any more. Only locks are read. What one run cannot get does not stop the rest, and is named at the end.',
    args: [PROFILES],
    options: ['mirror', 'offline', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl fetch x86_64', 'then: mrrl build x86_64 --offline'],
      ['mrrl fetch --offline --mirror /media/sources', 'is all that the locks name in that mirror?'],
    ],
    run: async (call) => (await import('../run-mirror.ts')).runFetch(call),
  },
  {
    name: 'mirror',
    summary: 'write all locked sources into a folder to build from without a network',
    about:
      'Files are named by their hash, with an index.json that says what each is, in which version, under which licence ' +
      'and for whom, and SHA256SUMS for sha256sum -c. What is there and right is left alone; the command can be killed ' +
      'and run again. The folder may be carried, shared or served by any web server: see docs/mirror.md.',
    args: [MIRROR, PROFILES],
    options: ['bundle', 'mirror', 'offline', 'json', 'quiet', 'color'],
    examples: [
      ['mrrl mirror /srv/mirror x86_64', 'then: mrrl build x86_64 --offline --mirror /srv/mirror'],
      ['mrrl mirror /srv/mirror', 'bring it up to date with all locks'],
      ['mrrl mirror /tmp/mirror x86_64 --bundle x86_64.tar.zst', 'the same as one file, for --mirror x86_64.tar.zst'],
    ],
    run: async (call) => (await import('../run-mirror.ts')).runMirror(call),
  },
  {
    name: 'mirror verify',
    summary: 'hash every file of a mirror',
    about:
      'Names every file that is missing, truncated, wrong, swapped with another or unknown, and lists that are stale. ' +
      'Ends with 4 if there is any.',
    args: [MIRROR],
    options: ['json', 'quiet', 'color'],
    examples: [['mrrl mirror verify /srv/mirror', '']],
    run: async (call) => (await import('../run-mirror.ts')).runMirrorVerify(call),
  },
]
