import { BUILD_OPTIONS, type CommandRow } from './row.ts'

/** Commands that prove what a lock says. */
export const VERIFY_COMMANDS: readonly CommandRow[] = [
  {
    name: 'verify',
    summary: 'build again under other conditions, and compare with the lock',
    about:
      'Builds twice in stores of their own, as another user, at another time, in other folders and so on, and compares ' +
      'what comes out with the lock; where the lock records nothing, one rebuild with the other. Says of everything ' +
      'that differs in which files, why, and what to change in the recipe, and ends with 8. What this machine cannot ' +
      'vary is listed as skipped. See docs/reproducibility.md.',
    args: [
      { name: 'profile', about: 'names of profiles (default: all that have a lock)', isOptional: true, isList: true },
    ],
    options: ['depth', 'seed', 'vary', 'bisect', 'keep', 'image', 'against', ...BUILD_OPTIONS],
    examples: [
      ['mrrl verify mini', 'every package of the image, in a few minutes'],
      ['mrrl verify x86_64 --depth seed', 'the compilers and the tools that build them as well'],
      ['mrrl verify x86_64 --seed debian-12', 'everything from another first compiler: see docs/ddc.md'],
      ['mrrl verify mini --vary jobs,order --keep differing', 'two variations; leaves the trees of what differs'],
      ['mrrl verify --image rootfs.squashfs x86_64', 'is this the image that the lock names?'],
      ['mrrl verify mini --json > report.json', 'for a program'],
    ],
    run: async (call) => (await import('../run-verify.ts')).runVerify(call),
  },
]
