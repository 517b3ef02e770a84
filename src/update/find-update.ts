import type { Update } from '../model/update.ts'
import { MrrlError } from '../util/errors.ts'
import { isInRange } from '../util/version.ts'
import { indexError } from './ask.ts'
import { publishedHashes } from './checksums.ts'
import { type Current, cannotUpdate } from './current.ts'
import type { Index } from './index-answer.ts'
import { openIndex } from './indexes.ts'
import { checkPlaces, checkPublished, checkStated } from './rerolled.ts'
import type { UpdateSession } from './session.ts'
import { takeVersion } from './take-version.ts'
import { compareVersions, newestOf, parseVersion, type Version } from './version.ts'

/**
 * Finds the newest version in range, downloads it into the store and says who vouches for it; undefined when what is
 * locked is the newest. An index that cannot be read is left out as long as another answers.
 * Throws `E_INDEX*`, `E_SIGNATURE`, `E_INTEGRITY`, `E_FETCH*`, `E_ARCHIVE*`, and
 * - `E_UPDATE_DOWNGRADE` when all that is offered, or all that is in range, is older;
 * - `E_UPDATE_HOST` when the new version lies elsewhere;
 * - `E_UPDATE_SIGNER` when another key signed it, or none does any longer;
 * - `E_UPDATE_REROLLED` when the locked version is another file by now.
 */
export async function findUpdate(current: Current, session: UpdateSession): Promise<Update | undefined> {
  const { name, rules } = current
  const own = parseVersion(current.version)
  if (own === undefined) throw cannotUpdate(name, `its version ${current.version} cannot be compared with others`)
  const { indexes, isWhole } = await openAll(current, session)
  const newest = newestOf(
    indexes.flatMap(({ versions }) => versions),
    rules.range,
    session.config.pre,
  )
  await checkLocked(current, indexes, session)
  checkDirection(current, own, newest, isWhole ? indexes : [])
  if (newest !== undefined && compareVersions(newest, own) > 0) {
    return takeVersion(current, newest.text, indexes, session)
  }
  await checkPlaces(current.sources, session)
  return undefined
}

interface Opened {
  readonly indexes: readonly Index[]
  /** Whether all indexes answered. */
  readonly isWhole: boolean
}

async function openAll({ name, version, sources, rules }: Current, session: UpdateSession): Promise<Opened> {
  const subject = { name, version, sources, pattern: rules.pattern }
  const indexes: Index[] = []
  const failures: MrrlError[] = []
  for (const text of rules.indexes) {
    try {
      const index = await openIndex(text, subject, session)
      if (newestOf(index.versions, ANY, true) === undefined) throw indexError(text, 'it has no version of this package')
      indexes.push(index)
    } catch (error) {
      if (!(error instanceof MrrlError) || error.code !== 'E_INDEX') throw error
      failures.push(error)
      session.config.onUnusable(name, text, error)
    }
  }
  const [first] = failures
  if (first !== undefined && indexes.length === 0) throw first
  return { indexes, isWhole: failures.length === 0 }
}

/** What is said of the locked version by now must be what is locked. */
async function checkLocked(current: Current, indexes: readonly Index[], session: UpdateSession): Promise<void> {
  const { version, sources, rules, readKey } = current
  for (const index of indexes.filter(({ versions }) => versions.includes(version))) {
    checkStated(sources, (await index.describe(version)).files)
  }
  checkPublished(sources, await publishedHashes(rules.checksums, version, readKey, session))
}

function checkDirection(
  { name, version, rules }: Current,
  own: Version,
  newest: Version | undefined,
  indexes: readonly Index[],
): void {
  if (newest !== undefined && compareVersions(newest, own) >= 0) return
  const isOut = newest !== undefined && !isInRange(version, rules.range)
  const behind = indexes.every((index) => isOlder(index, own)) ? indexes.find(({ isLasting }) => isLasting) : undefined
  if (!isOut && behind === undefined) return
  const after = newest?.text ?? ''
  const why = isOut ? `the newest in range (${rules.range}) is ${after}` : `${behind?.name} has only older versions`
  throw new MrrlError('E_UPDATE_DOWNGRADE', `${name} is at ${version}, but ${why}`, {
    fields: { before: version, after, range: rules.range },
  })
}

const ANY = '*'

/** True when all versions of an index are older. */
function isOlder({ versions }: Index, own: Version): boolean {
  const newest = newestOf(versions, ANY, true)
  return newest !== undefined && compareVersions(newest, own) < 0
}
