import { checkLocks } from '../engine/lock-operations.ts'
import type { Settings } from '../engine/settings.ts'
import { MrrlError } from '../util/errors.ts'
import { type Finding, fail, pass, warn } from './check.ts'

/** Compares one lock with recipes, profile and encoders. `settings` has the folder of this lock. */
export async function checkLock(profile: string, settings: Settings): Promise<Finding> {
  const check = `lock ${profile}`
  try {
    const [found] = await checkLocks([profile], settings)
    const { code = '', changes = [], unrecorded = [], path = '' } = found ?? {}
    const fix = `mrrl lock ${profile}`
    if (code === 'E_LOCK_MISSING') return warn(check, 'there is none, so the profile cannot be built', fix)
    if (code === 'E_LOCK_STALE') return fail(check, `stale: ${changes.join('; ')}`, code, fix)
    if (code !== '') return fail(check, changes.join('; '), code, `Restore ${path} from version control, or: ${fix}`)
    if (unrecorded.length > 0) return pass(check, `fresh; no output is recorded of ${unrecorded.length} packages`)
    return pass(check, 'fresh')
  } catch (error) {
    // A recipe or profile that cannot be read.
    if (error instanceof MrrlError) return fail(check, error.message, error.code, error.hint)
    throw error
  }
}
