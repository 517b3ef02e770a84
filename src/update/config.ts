import type { FetchConfig } from '../fetch/config.ts'
import type { MrrlError } from '../util/errors.ts'

/** A Debian archive of the machine. */
export interface DebianArchive {
  /** URL, or absolute folder, that holds `dists/` and `pool/`. */
  readonly base: string
  /** Suites that the machine uses, e.g. `bookworm`. */
  readonly suites: readonly string[]
  /** Contents of the files of public keys that may sign it, binary or armored. */
  readonly keys: () => Promise<readonly Uint8Array[]>
}

/** How much an index may send, and how long it may take. */
export interface UpdateLimits {
  /** Bytes of one answer; compressed Debian indexes may have more, by what the signed Release says. */
  readonly bytes: number
  /** Bytes of a signature, a key or a checksum file. */
  readonly smallBytes: number
  /** Versions, links or packages of one index. */
  readonly entries: number
  /** Answers that one index is split into. */
  readonly pages: number
  /** Milliseconds for one answer. */
  readonly time: number
}

export const UPDATE_LIMITS: UpdateLimits = {
  bytes: 32 << 20,
  smallBytes: 1 << 20,
  entries: 100_000,
  pages: 20,
  time: 120_000,
}

/** Base URLs of what indexes name without a host. */
export interface UpstreamHosts {
  readonly github: string
  readonly kernel: string
}

export const UPSTREAM_HOSTS: UpstreamHosts = { github: 'https://api.github.com', kernel: 'https://www.kernel.org' }

/** All that looking for updates takes from the machine and the user; built by the command line. */
export interface UpdateConfig {
  readonly fetch: FetchConfig
  /** Asked for when first needed. */
  readonly debianArchives: () => Promise<readonly DebianArchive[]>
  readonly hosts: UpstreamHosts
  /** Milliseconds since 1970. */
  readonly now: number
  /** Takes pre-releases too. */
  readonly pre: boolean
  readonly limits: UpdateLimits
  readonly signal: AbortSignal
  /** An index of a package that could not be reached or read, while others are still to be asked. */
  readonly onUnusable: (name: string, index: string, error: MrrlError) => void
}
