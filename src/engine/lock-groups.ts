import type { LockedPackage } from '../model/lock.ts'
import type { Recipe } from '../model/recipe.ts'
import { MrrlError } from '../util/errors.ts'
import { isSame } from './lock-changes.ts'
import type { Resolved } from './resolve.ts'

/** Packages that are made from the same archives at one version, and so get a new one together. */
export interface Group {
  /** Names and recipes, in the order of the locks. */
  readonly members: ReadonlyMap<string, Recipe>
  /** What the locks say of the first member; they say the same version and archives of all. */
  readonly locked: LockedPackage
}

/**
 * The packages of locks, those that share an archive together. A package that two locks have at different versions is in
 * two groups. Throws `E_RECIPE_INVALID` when recipes of one group do not agree on version and `update`.
 */
export function groupsOf(resolved: readonly Resolved[]): Group[] {
  const groups: { members: Map<string, Recipe>; locked: LockedPackage; archives: Set<string> }[] = []
  for (const { plan, lock } of resolved) {
    for (const [name, locked] of Object.entries(lock.packages)) {
      const recipe = plan.nodes.get(name)?.recipe
      if (recipe === undefined || locked.sources.length === 0) continue
      const archives = locked.sources.map(({ integrity }) => integrity)
      const near = groups.filter((group) => archives.some((archive) => group.archives.has(archive)))
      const [first = { members: new Map(), locked, archives: new Set<string>() }, ...others] = near
      if (near.length === 0) groups.push(first)
      first.members.set(name, recipe)
      for (const archive of archives) first.archives.add(archive)
      for (const other of others) {
        for (const [member, its] of other.members) first.members.set(member, its)
        for (const archive of other.archives) first.archives.add(archive)
        groups.splice(groups.indexOf(other), 1)
      }
    }
  }
  for (const { members } of groups) checkAgreement([...members.values()])
  return groups
}

function checkAgreement([first, ...others]: readonly Recipe[]): void {
  for (const other of others) {
    const field = first?.version === other.version ? 'update' : 'version'
    if (isSame([first?.version, first?.update], [other.version, other.update])) continue
    const message = `${first?.name} and ${other.name} are made from one archive, and must have the same ${field}`
    throw new MrrlError('E_RECIPE_INVALID', message, {
      fields: { file: `recipes/packages/${other.name}/recipe.ts`, field },
      hint: 'Put what both have into a module beside the recipes, so that they change together.',
    })
  }
}
