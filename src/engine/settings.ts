import type { FetchConfig } from '../fetch/config.ts'
import type { Surroundings } from '../model/surroundings.ts'
import type { SandboxName } from '../sandbox/sandbox.ts'
import type { BuildEvent } from './events.ts'

/** What the command line decides for one run. None of it may change the bits of an image. */
export interface Settings {
  /** Folder of the store, e.g. `~/.cache/mrrl`. */
  readonly home: string
  /** Folders with `packages`, `profiles` and `toolchains`, the first wins. */
  readonly recipeFolders: readonly string[]
  readonly lockFolder: string
  readonly imageFolder: string
  /** Processes that may work at once. */
  readonly jobs: number
  readonly keepGoing: boolean
  readonly sandbox: SandboxName | 'auto'
  readonly surroundings: Surroundings
  readonly fetch: FetchConfig
  readonly signal: AbortSignal
  readonly onEvent: (event: BuildEvent) => void
}
