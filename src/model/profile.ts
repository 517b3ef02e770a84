/** Machines that images are made for. */
export const ARCHES = ['x86_64', 'aarch64'] as const
export type Arch = (typeof ARCHES)[number]

/** Oldest processor an image runs on; the names are GCC's `-march` values. */
export const CPUS = {
  x86_64: ['x86-64', 'x86-64-v2', 'x86-64-v3', 'nocona', 'corei7'],
  aarch64: ['armv8-a'],
} as const
export type Cpu = (typeof CPUS)[Arch][number]

export const HARDENINGS = ['stack-protector-strong', 'fortify', 'relro', 'pie'] as const
export type Hardening = (typeof HARDENINGS)[number]

export const OPTIMIZATIONS = ['s', '1', '2', '3'] as const
export type Optimization = (typeof OPTIMIZATIONS)[number]

export const FORMATS = [
  'tar',
  'tar.gz',
  'tar.xz',
  'tar.zst',
  'cpio',
  'cpio.gz',
  'cpio.xz',
  'cpio.zst',
  'squashfs',
  'dir',
] as const
export type Format = (typeof FORMATS)[number]

/** How packages are compiled; a profile sets it for all, and may set parts of it for one package. */
export interface BuildOptions {
  readonly cpu: Cpu
  /** The value of `-O`. */
  readonly optimize: Optimization
  /** Link-time optimisation. */
  readonly lto: boolean
  /** GCC's Graphite loop optimiser. */
  readonly graphite: boolean
  readonly hardening: readonly Hardening[]
}

/** A user of the image. */
export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly gecos: string
  readonly home: string
  readonly shell: string
}

/** A group of the image. */
export interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/** Owner and mode for the paths that a glob matches; the last match wins. */
export interface Permission {
  readonly paths: string
  /** Permission bits; for directories matched too. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** A small file, folder or link that the profile adds to the image itself. */
export type ProfileFile =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }

/** What an image is made of. */
export interface Profile {
  readonly name: string
  readonly summary: string
  readonly arch: Arch
  /** Oldest kernel the image runs on, e.g. `4.4`. */
  readonly kernel: string
  /** A file of `recipes/toolchains`. */
  readonly toolchain: string
  readonly packages: readonly string[]
  readonly options: BuildOptions
  /** Options that differ for one package. */
  readonly packageOptions: Readonly<Record<string, Partial<BuildOptions>>>
  /** Path that `/bin/sh` stands for and that accounts log in with. */
  readonly shell: string
  /** Path of the program that `/sbin/init` is a link to; '' for none. */
  readonly init: string
  /** Locales to keep besides C and POSIX. */
  readonly locales: readonly string[]
  readonly users: readonly User[]
  readonly groups: readonly Group[]
  readonly files: readonly ProfileFile[]
  readonly permissions: readonly Permission[]
  /** Path to the package whose file wins where two packages have one there. */
  readonly overrides: Readonly<Record<string, string>>
  readonly formats: readonly Format[]
  /** Seconds since 1970: the one time of all entries, and `SOURCE_DATE_EPOCH` of all builds. */
  readonly epoch: number
}
