import { type Surroundings, USUAL_SURROUNDINGS } from '../model/surroundings.ts'
import type { SandboxName } from '../sandbox/sandbox.ts'

/** Everything that is not the same in all rounds: of mrrl's own process, and of what its steps see. */
export interface Conditions {
  /** Processes that may work at once. */
  readonly jobs: number
  readonly sandbox: SandboxName | 'auto'
  readonly surroundings: Surroundings
  /** Variables that join or replace those of the process. */
  readonly env: Readonly<Record<string, string>>
  /** In octal. */
  readonly umask: string
  /** Name of the machine; '' for its own. */
  readonly hostName: string
  /** Name of the working folder, which is made for the round. */
  readonly cwd: string
  /** True for another user; for root of a user namespace where this user is not root. */
  readonly isOtherUser: boolean
  /** Processors to run on, as taskset takes them; '' for all. */
  readonly processors: string
  /** Words for setarch. */
  readonly personality: readonly string[]
  /** Days that the clock of the process is ahead. */
  readonly clockDays: number
  /** Where the round's store is. */
  readonly place: 'beside the store' | 'temporary folder'
  /** True for a store in memory, where folders list files in the order in which they were made. */
  readonly isInMemory: boolean
}

/** What holds for a round in which nothing is varied. */
export function usualConditions(jobs: number, sandbox: SandboxName | 'auto'): Conditions {
  return {
    jobs,
    sandbox,
    surroundings: USUAL_SURROUNDINGS,
    env: {},
    umask: '022',
    hostName: '',
    cwd: 'work',
    isOtherUser: false,
    processors: '',
    personality: [],
    clockDays: 0,
    place: 'beside the store',
    isInMemory: false,
  }
}
