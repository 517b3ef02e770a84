import { FILE_FORMATS, SQUASHFS_COMPRESSIONS } from '../formats/format-names.ts'
import type { BranchFilter } from '../model/image.ts'
import { USUAL_SEED } from '../model/seed.ts'
import type { SandboxName } from '../sandbox/sandbox.ts'
import { SANDBOX_NAMES } from '../sandbox/sandbox.ts'
import { DEPTHS, type Depth } from '../verify/depth.ts'
import { InvalidArgumentError } from './commander.ts'
import { GRAPH_FORMATS, type GraphFormat } from './graph-formats.ts'

const MAX_UINT32 = 2 ** 32 - 1

/** Everything that options can say; a command that lacks one has its default here. */
export interface Options {
  /** Undefined: as many as there are processors. */
  readonly jobs: number | undefined
  readonly keepGoing: boolean
  readonly sandbox: SandboxName | 'auto'
  readonly mirror: readonly string[]
  /** '' where none is given. */
  readonly bundle: string
  readonly offline: boolean
  readonly sourcesOnly: boolean
  readonly check: boolean
  readonly update: boolean
  readonly pre: boolean
  readonly acceptUnverified: boolean
  readonly profile: readonly string[]
  readonly recipes: readonly string[]
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
  /** Days. */
  readonly olderThan: number
  readonly dryRun: boolean
  /** '' where none is given, as in the next two. */
  readonly output: string
  readonly format: string
  readonly compression: string
  /** Undefined: what the format usually has, as in the next two. */
  readonly level: number | undefined
  readonly blockSize: number | undefined
  /** Seconds since 1970. */
  readonly epoch: number | undefined
  readonly filter: BranchFilter
  readonly exclude: readonly string[]
  readonly xattrs: readonly string[]
  /** Undefined: as on disk, as in the next. */
  readonly owner: number | undefined
  readonly group: number | undefined
  readonly allRoot: boolean
  readonly owners: boolean
  readonly devices: boolean
  /** Undefined: all. */
  readonly limit: number | undefined
  readonly withDiffoscope: boolean
  readonly depth: Depth
  /** Name of the toolchain that compiles the first program. */
  readonly seed: string
  /** `all`, `none`, or names of variations with commas between them. */
  readonly vary: string
  readonly bisect: boolean
  /** '' where none is given, as in the next two. */
  readonly keep: string
  readonly image: string
  readonly against: string
  readonly graphFormat: GraphFormat
  readonly full: boolean
}

/** What holds when an option is not given. */
export const DEFAULTS: Options = {
  jobs: undefined,
  keepGoing: false,
  sandbox: 'auto',
  mirror: [],
  bundle: '',
  offline: false,
  sourcesOnly: false,
  check: false,
  update: false,
  pre: false,
  acceptUnverified: false,
  profile: [],
  recipes: [],
  json: false,
  quiet: false,
  color: true,
  olderThan: 30,
  dryRun: false,
  output: '',
  format: '',
  compression: '',
  level: undefined,
  blockSize: undefined,
  epoch: undefined,
  filter: 'none',
  exclude: [],
  xattrs: [],
  owner: undefined,
  group: undefined,
  allRoot: false,
  owners: false,
  devices: false,
  limit: undefined,
  withDiffoscope: false,
  depth: 'packages',
  seed: USUAL_SEED,
  vary: 'all',
  bisect: false,
  keep: '',
  image: '',
  against: '',
  graphFormat: 'text',
  full: false,
}

/** One option as a row of a command. */
export interface OptionRow {
  /** As commander takes it: `-j, --jobs <count>`. */
  readonly flags: string
  readonly about: string
  /** Reads the value; throws `InvalidArgumentError` for one that cannot be meant. */
  readonly read?: (text: string) => string | number
  readonly isRepeatable?: boolean
}

/** All options by name. */
export const OPTIONS: Readonly<Record<keyof Options, OptionRow>> = {
  jobs: {
    flags: '-j, --jobs <count>',
    about: 'how many processes may work at once (default: one per processor)',
    read: wholeNumber(1, 1024),
  },
  keepGoing: { flags: '-k, --keep-going', about: 'after a failure, build what does not depend on it' },
  sandbox: {
    flags: '--sandbox <name>',
    about: 'how steps are sealed: auto, unshare or bwrap (default: auto)',
    read: oneOf(['auto', ...SANDBOX_NAMES]),
  },
  mirror: {
    flags: '--mirror <place>',
    about: 'look for sources here first: a folder, a URL or a bundle; may be given more than once',
    isRepeatable: true,
  },
  bundle: { flags: '--bundle <file>', about: 'write the same as one file too, for transport: <name>.tar.zst' },
  offline: { flags: '--offline', about: 'use no network: only the store, and mirrors that are folders or bundles' },
  sourcesOnly: {
    flags: '--sources-only',
    about: 'do not build: pin recipes and sources, and keep recorded outputs only where nothing changed',
  },
  check: {
    flags: '--check',
    about: 'only compare with the recipes; ends with 3 when a lock is stale. No build, no network',
  },
  update: {
    flags: '--update',
    about: 'look for newer versions of the packages named (default: all that say where), and pin them',
  },
  pre: { flags: '--pre', about: 'with --update, take pre-releases too' },
  acceptUnverified: {
    flags: '--accept-unverified',
    about: 'with --update, take files that nobody but the place they come from vouches for',
  },
  profile: {
    flags: '--profile <name>',
    about: 'with --update, only in the lock of this profile (default: in all that hold the package); may be repeated',
    isRepeatable: true,
  },
  recipes: {
    flags: '--recipes <folder>',
    about: "folder with packages, profiles and toolchains, before mrrl's own; may be given more than once",
    isRepeatable: true,
  },
  json: { flags: '--json', about: 'print one JSON document, and nothing else' },
  quiet: { flags: '-q, --quiet', about: 'print errors only' },
  color: { flags: '--no-color', about: 'no colours (so does the variable NO_COLOR)' },
  olderThan: {
    flags: '--older-than <days>',
    about: 'keep what was made or used in the last days (default: 30)',
    read: wholeNumber(0, 36_500),
  },
  dryRun: { flags: '-n, --dry-run', about: 'only say what would change' },
  output: { flags: '-o, --output <file>', about: 'the image to write; a file of that name is replaced' },
  format: {
    flags: '--format <name>',
    about: `format of the image, where its name does not end in it: ${FILE_FORMATS.join(', ')}`,
    read: oneOf(FILE_FORMATS),
  },
  compression: {
    flags: '--compression <name>',
    about: `how a squashfs is compressed: ${SQUASHFS_COMPRESSIONS.join(', ')} (default: zstd)`,
    read: oneOf(SQUASHFS_COMPRESSIONS),
  },
  level: {
    flags: '--level <number>',
    about: 'how hard a squashfs is compressed: gzip 1 to 9 (default: 9), zstd 1 to 22 (default: 15)',
    read: wholeNumber(1, 22),
  },
  blockSize: {
    flags: '--block-size <bytes>',
    about: 'block of a squashfs, a power of two from 4K to 1M (default: 128K)',
    read: blockSize,
  },
  epoch: {
    flags: '--epoch <seconds>',
    about: 'the one time of all entries, since 1970 (default: SOURCE_DATE_EPOCH, else 0)',
    read: wholeNumber(0, MAX_UINT32),
  },
  filter: {
    flags: '--filter <machine>',
    about: 'with xz, prepare programs of this machine for compression: x86, arm64 or none (default: none)',
    read: oneOf(['x86', 'arm64', 'none']),
  },
  exclude: {
    flags: '--exclude <glob>',
    about: 'leave out what matches, from the folder on: **/.git, tmp/**; may be given more than once',
    isRepeatable: true,
  },
  xattrs: {
    flags: '--xattrs <glob>',
    about: 'keep extended attributes of these names: security.capability, user.*; needs getfattr; may be repeated',
    isRepeatable: true,
  },
  owner: {
    flags: '--owner <id>',
    about: 'user id of every entry (default: as on disk)',
    read: wholeNumber(0, MAX_UINT32),
  },
  group: {
    flags: '--group <id>',
    about: 'group id of every entry (default: as on disk)',
    read: wholeNumber(0, MAX_UINT32),
  },
  allRoot: { flags: '--all-root', about: 'the same as --owner 0 --group 0' },
  owners: { flags: '--owners', about: 'give files to the owners in the image and keep set-id bits; needs root' },
  depth: {
    flags: '--depth <name>',
    about: 'how far down to build again: image, packages, toolchain or seed (default: packages)',
    read: oneOf(DEPTHS),
  },
  seed: {
    flags: '--seed <toolchain>',
    about: 'build everything from another first compiler, and compare packages and images (try debian-12)',
  },
  vary: { flags: '--vary <names>', about: 'what to vary: all, none, or names with commas (default: all)' },
  bisect: { flags: '--bisect', about: 'find the one variation that makes a package differ, however long it takes' },
  keep: { flags: '--keep <folder>', about: 'leave the trees of what differs in a new or empty folder' },
  image: { flags: '--image <file>', about: 'compare this image with the one that the lock names' },
  against: { flags: '--against <file>', about: 'with --image, compare with this image and build nothing' },
  devices: { flags: '--devices', about: 'make devices, which are left out otherwise; needs root' },
  limit: {
    flags: '--limit <count>',
    about: 'show at most so many differences (default: all)',
    read: wholeNumber(1, MAX_UINT32),
  },
  withDiffoscope: { flags: '--with-diffoscope', about: 'run diffoscope as well, which must be installed' },
  graphFormat: {
    flags: '--format <name>',
    about: `how the graph is written: ${GRAPH_FORMATS.join(', ')} (default: text)`,
    read: oneOf(GRAPH_FORMATS),
  },
  full: { flags: '--full', about: 'check every byte of the store instead of a sample' },
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`)
  }
}

/** `131072` or `128K`; whether the format has such blocks is for the format to say. */
function blockSize(text: string): number {
  const match = /^(\d{1,8})([KM]?)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('It must be a number of bytes, such as 131072, 128K or 1M.')
  return Number(match[1]) * { '': 1, K: 2 ** 10, M: 2 ** 20 }[match[2] as '' | 'K' | 'M']
}
