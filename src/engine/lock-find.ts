import type { Recipe, Source } from '../model/recipe.ts'
import type { Update } from '../model/update.ts'
import { RecipeLoader } from '../recipes/load.ts'
import { findUpdate } from '../update/find-update.ts'
import type { UpdateSession } from '../update/session.ts'
import { ERROR_CODES } from '../util/error-codes.ts'
import { MrrlError } from '../util/errors.ts'
import { mapLimited } from '../util/limit.ts'
import { readRecipeFile } from './inputs.ts'
import type { Group } from './lock-groups.ts'

/** A group's newer version. */
export interface Found {
  readonly group: Group
  readonly update: Update
  /** Sources of the new version by package. */
  readonly sources: ReadonlyMap<string, readonly Source[]>
}

/** A group that stays as it is because its indexes or files could not be reached. */
export interface Unreached {
  readonly packages: readonly string[]
  /** Code and message. */
  readonly reason: string
}

/** What became of all groups. */
export interface Findings {
  readonly found: readonly Found[]
  /** Groups that have the newest version already. */
  readonly newest: readonly Group[]
  readonly unreached: readonly Unreached[]
}

/** How groups are looked after. */
export interface FindOptions {
  readonly recipeFolders: readonly string[]
  /** Takes files that nobody vouches for. */
  readonly acceptUnverified: boolean
  /** Leaves out what cannot be reached, as long as something can. */
  readonly maySkip: boolean
  readonly onProgress: (done: number, total: number) => void
}

/** Groups that are asked for at a time. */
const AT_ONCE = 4
const NETWORK_EXIT = ERROR_CODES.E_INDEX.exit

/**
 * Looks for the newer version of each group. Throws `E_UPDATE_UNVERIFIED` and what `findUpdate` throws; when several are
 * refused the first code, with all of them in the field `refused`.
 */
export async function findUpdates(
  groups: readonly Group[],
  session: UpdateSession,
  options: FindOptions,
): Promise<Findings> {
  let done = 0
  const results = await mapLimited(groups, AT_ONCE, async (group) => {
    try {
      return { group, result: await findOne(group, session, options) }
    } catch (error) {
      if (session.config.signal.aborted)
        throw new MrrlError('E_INTERRUPTED', 'the update was interrupted', { cause: error })
      if (!(error instanceof MrrlError)) throw error
      return { group, result: error }
    } finally {
      options.onProgress(++done, groups.length)
    }
  })
  const failed = results.flatMap(({ group, result }) => (result instanceof MrrlError ? [{ group, error: result }] : []))
  const refused = failed.filter(({ error }) => error.exit !== NETWORK_EXIT)
  if (refused.length > 0) throw refusal(refused)
  if (failed.length > 0 && (!options.maySkip || failed.length === groups.length)) throw refusal(failed)
  return {
    found: results.flatMap(({ result }) => (result === undefined || result instanceof MrrlError ? [] : [result])),
    newest: results.flatMap(({ group, result }) => (result === undefined ? [group] : [])),
    unreached: failed.map(({ group, error }) => ({
      packages: [...group.members.keys()],
      reason: `${error.code} ${error.message}`,
    })),
  }
}

async function findOne(group: Group, session: UpdateSession, options: FindOptions): Promise<Found | undefined> {
  const loader = new RecipeLoader(options.recipeFolders)
  const [[name, recipe] = ['', undefined]] = group.members
  if (recipe === undefined) throw new MrrlError('E_INTERNAL', 'a group without packages')
  const current = {
    name,
    version: recipe.version,
    sources: recipe.sources,
    vouchers: group.locked.vouchers,
    rules: recipe.update,
    sourcesOf: await loader.sourcesOf(name),
    readKey: (file: string) => readRecipeFile(recipe, file),
  }
  const update = await findUpdate(current, session)
  if (update === undefined) return undefined
  if (update.unvouched.length > 0 && !options.acceptUnverified) {
    throw new MrrlError('E_UPDATE_UNVERIFIED', `nobody vouches for ${name} ${update.after}`, {
      fields: { before: update.before, after: update.after, files: update.unvouched },
    })
  }
  const sources = new Map<string, readonly Source[]>()
  for (const [member, its] of group.members) {
    sources.set(member, sourcesFrom(update, its, (await loader.sourcesOf(member))(update.after)))
  }
  return { group, update, sources }
}

/** The sources of one package of a group: each is among those that were found, or has not changed. */
function sourcesFrom(update: Update, recipe: Recipe, sources: readonly Source[]): readonly Source[] {
  return sources.map((source) => {
    const isHere = ({ from }: Source): boolean => from.join('\n') === source.from.join('\n')
    const found = update.sources.find(isHere) ?? recipe.sources.find(isHere)
    if (found !== undefined) return { ...source, integrity: found.integrity, size: found.size }
    throw new MrrlError('E_RECIPE_INVALID', `${recipe.name} has a source that ${update.name} has not`, {
      fields: { file: `recipes/packages/${recipe.name}/recipe.ts`, field: 'sources', from: source.from },
    })
  })
}

/** One error for all that failed: nothing is written unless everything is right. */
function refusal(failed: readonly { readonly group: Group; readonly error: MrrlError }[]): MrrlError {
  const named = failed.map(({ group, error }) => ({ name: [...group.members.keys()].join(', '), error }))
  const [first] = named
  if (first === undefined) throw new MrrlError('E_INTERNAL', 'nothing was refused')
  const { name, error } = first
  const { code, message, fields, hint } = error
  if (named.length === 1)
    return new MrrlError(code, message, { fields: { package: name, ...fields }, hint, cause: error })
  return new MrrlError(code, `${named.length} packages cannot be updated, and no lock was changed`, {
    fields: { refused: named.map((one) => `${one.name}: ${one.error.code} ${one.error.message}`) },
    hint: 'Update the others by their names, or look at one of these with: mrrl lock --update <package>',
    cause: error,
  })
}
