import { mkdir, rm } from 'node:fs/promises'
import { namespaceSettings, openSandbox } from '../sandbox/probe.ts'
import { SANDBOX_NAMES, type SandboxName } from '../sandbox/sandbox.ts'
import { temporaryName } from '../store/disk.ts'
import { MrrlError } from '../util/errors.ts'
import { type Finding, fail, pass, skipped, warn } from './check.ts'

/** Runs a program in each back end, as a build does. One that works is enough, unless the user asks for the other. */
export async function checkSandboxes(wanted: SandboxName | 'auto', temporary: string): Promise<Finding[]> {
  const complaints = new Map<SandboxName, MrrlError | undefined>()
  for (const name of SANDBOX_NAMES) complaints.set(name, await complaintOf(name, temporary))
  const needed: readonly SandboxName[] = wanted === 'auto' ? SANDBOX_NAMES : [wanted]
  const isEnough = needed.some((name) => complaints.get(name) === undefined)
  return [checkSettings(isEnough), ...[...complaints].map(([name, error]) => judge(name, error, isEnough))]
}

/** The kernel settings that may refuse namespaces, whoever asks. */
function checkSettings(isEnough: boolean): Finding {
  const settings = namespaceSettings()
  const refusing = settings.filter(({ refuses }) => refuses)
  const shown = (list: typeof settings): string => list.map(({ name, value }) => `${name}=${value}`).join(', ')
  if (refusing.length === 0) return pass('user namespaces', shown(settings) || 'no setting restricts them')
  const fix = refusing.map(({ remedy }) => remedy).join(' ')
  // Root, and programs with a profile of their own, may make them all the same.
  if (isEnough) return pass('user namespaces', `allowed here, and refused to others by ${shown(refusing)}`)
  return fail('user namespaces', `refused by ${shown(refusing)}`, 'E_SANDBOX', fix)
}

function judge(name: SandboxName, error: MrrlError | undefined, isEnough: boolean): Finding {
  const check = `sandbox ${name}`
  if (error === undefined) return pass(check, 'a program ran in it')
  if (isEnough && error.fields.cause === 'not installed') return skipped(check, 'not installed, and not needed')
  if (isEnough) return warn(check, error.message, error.hint)
  return fail(check, error.message, error.code, error.hint)
}

async function complaintOf(name: SandboxName, temporary: string): Promise<MrrlError | undefined> {
  const staging = temporaryName(temporary, 'mrrl-doctor')
  await mkdir(staging, { recursive: true })
  try {
    await openSandbox(name, staging)
    return undefined
  } catch (error) {
    if (error instanceof MrrlError) return error
    throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
