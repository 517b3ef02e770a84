import { canonicalJson } from '../util/canonical-json.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { type Digest, digestOf } from './digest.ts'

/** A tree that a step sees read-only at a fixed path. */
export interface RequestInput {
  /** Absolute path in the sandbox. */
  readonly at: string
  readonly tree: Digest
}

/**
 * One hermetic build step as a value: complete, sorted, and named by the digest of its canonical bytes.
 * What is not in it (number of processors, log, work folder) must not change the output.
 */
export interface BuildRequest {
  /** Sorted by path. */
  readonly inputs: readonly RequestInput[]
  readonly argv: readonly string[]
  /** Sorted by name. */
  readonly env: readonly (readonly [string, string])[]
  /** Folder of the sandbox whose content is the output. */
  readonly output: string
  /** Machine that the step runs on. */
  readonly platform: 'linux-x86_64'
  /** True for the two steps that see the host's `/bin` and `/usr`. */
  readonly hostTools: boolean
  readonly network: false
  /** Seconds. */
  readonly timeout: number
}

/** Changes when the meaning of a request changes, so that old results are not mistaken for new ones. */
const REQUEST_VERSION = 1

/** Sorts a request's parts; throws `E_INTERNAL` with the position of what breaks a rule. */
export function makeRequest(request: BuildRequest): BuildRequest {
  const inputs = [...request.inputs].sort((a, b) => compareBytes(a.at, b.at))
  const env = [...request.env].sort(([a], [b]) => compareBytes(a, b))
  inputs.forEach(({ at }, position) => {
    const before = inputs[position - 1]?.at
    if (!/^(\/[^/]+)+$/.test(at)) throw broken(`input ${position}: ${at} is not a clean absolute path`)
    if (before !== undefined && (at === before || at.startsWith(`${before}/`))) {
      throw broken(`input ${position}: ${at} lies in ${before}`)
    }
  })
  env.forEach(([name, value], position) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw broken(`variable ${position}: bad name ${name}`)
    if (value.includes('\0')) throw broken(`variable ${position}: ${name} holds a NUL`)
    if (env[position - 1]?.[0] === name) throw broken(`variable ${position}: ${name} is set twice`)
  })
  return { ...request, inputs, env }
}

/** The action key: results are stored under it. */
export function requestKey(request: BuildRequest): Digest {
  return digestOf(encodeRequest(request))
}

/** The canonical bytes, which the action key is the digest of. */
export function encodeRequest(request: BuildRequest): Uint8Array {
  const value = {
    ...request,
    version: REQUEST_VERSION,
    inputs: request.inputs.map(({ at, tree }) => ({ at, tree })),
  }
  return Buffer.from(canonicalJson(value))
}

/** Reads what {@link encodeRequest} wrote; undefined for what another version wrote. */
export function decodeRequest(bytes: Uint8Array): BuildRequest | undefined {
  try {
    const { version, ...request } = JSON.parse(Buffer.from(bytes).toString())
    const isSame = version === REQUEST_VERSION && Buffer.compare(encodeRequest(request), bytes) === 0
    return isSame ? makeRequest(request) : undefined
  } catch (error) {
    if (error instanceof MrrlError || error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function broken(rule: string): MrrlError {
  return new MrrlError('E_INTERNAL', `bad build request: ${rule}`)
}
