import type { BuildEvent } from '../engine/events.ts'
import type { Rebuilt } from '../engine/rebuild.ts'
import type { Digest } from '../model/digest.ts'
import type { Surroundings } from '../model/surroundings.ts'
import type { SandboxName } from '../sandbox/sandbox.ts'
import type { ErrorCode } from '../util/error-codes.ts'
import type { ErrorFields } from '../util/errors.ts'

/** What the child process of a round is to do; it reads this as JSON from its standard input. */
export interface RoundOrder {
  readonly profile: string
  /** Name of the toolchain that compiles the first program. */
  readonly seed: string
  /** Packages to build; the rest of what they need is in the store. */
  readonly packages: readonly string[]
  /** True to write the images too. */
  readonly withImages: boolean
  /** Folder of the round's store. */
  readonly home: string
  /** Folder of the store that gets what came out and is not `known`. */
  readonly results: string
  readonly known: readonly Digest[]
  readonly imageFolder: string
  readonly recipeFolders: readonly string[]
  readonly lockFolder: string
  readonly jobs: number
  readonly keepGoing: boolean
  readonly sandbox: SandboxName | 'auto'
  readonly surroundings: Surroundings
}

/** What it prints, one JSON value per line, the last one with `rebuilt` or `error`. */
export type RoundMessage =
  | { readonly kind: 'event'; readonly event: BuildEvent }
  | { readonly kind: 'rebuilt'; readonly rebuilt: Rebuilt }
  | { readonly kind: 'error'; readonly error: RoundError }

/** A failure as it passes from one process to the other. */
export interface RoundError {
  readonly code: ErrorCode
  readonly message: string
  readonly fields: ErrorFields
  readonly hint: string
}
