import { totalmem } from 'node:os'
import { isInRange } from '../util/version.ts'
import { type Finding, fail, pass, shownBytes, warn } from './check.ts'

/** The Node that runs this. */
export interface NodeVersions {
  readonly version: string
  /** Range that the package asks for. */
  readonly wanted: string
  readonly zlib: string
  readonly zstd: string
}

/** A rule of thumb for a build of GCC: what mrrl and the page cache want, and each further process, in bytes. */
const BASE_MEMORY = 2 ** 30
const MEMORY_PER_JOB = 2 ** 29

export function checkNode({ version, wanted, zlib, zstd }: NodeVersions): Finding {
  const found = `${version}, zlib ${zlib}, zstd ${zstd}`
  if (isInRange(version, wanted)) return pass('node', found)
  return fail('node', `${found}; needed: ${wanted}`, 'E_NODE_VERSION', 'npx -y -p node@24 -- npm ci')
}

/** @param jobs processes that are to work at once */
export function checkMemory(jobs: number, memory: number = availableMemory()): Finding {
  const wanted = BASE_MEMORY + jobs * MEMORY_PER_JOB
  const found = `${shownBytes(memory)} for ${jobs} ${jobs === 1 ? 'process' : 'processes'} at once`
  if (memory >= wanted) return pass('memory', found)
  const fitting = Math.max(1, Math.floor((memory - BASE_MEMORY) / MEMORY_PER_JOB))
  return warn(
    'memory',
    `${found}; a build of GCC may need ${shownBytes(wanted)}`,
    `Pass --jobs ${fitting}, or add memory or swap.`,
  )
}

/**
 * Certificates and the age of what is kept go by the clock; the bits of an image do not.
 * @param now milliseconds since 1970
 * @param epochs times of the locks, in seconds since 1970
 */
export function checkClock(now: number, epochs: readonly number[]): Finding {
  const newest = Math.max(0, ...epochs)
  const found = new Date(now).toISOString()
  if (now / 1000 >= newest) return pass('clock', found)
  const when = new Date(newest * 1000).toISOString()
  return warn('clock', `${found}, which is before ${when}, the time of a lock`, 'sudo timedatectl set-ntp true')
}

/** Of the machine, or less where a control group allows less. */
function availableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
