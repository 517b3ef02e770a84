import type { Role } from '../model/recipe.ts'
import type { Plan } from '../plan/plan.ts'

/** How far down a verification builds again; what is below comes from the store, as locked. */
export const DEPTHS = ['image', 'packages', 'toolchain', 'seed'] as const
export type Depth = (typeof DEPTHS)[number]

/** Roles of the packages that are built again. At the depth `seed` the first compiler is fetched again as well. */
const ROLES: Readonly<Record<Depth, readonly Role[]>> = {
  image: [],
  packages: ['target'],
  toolchain: ['target', 'cross', 'tool'],
  seed: ['target', 'cross', 'tool', 'bootstrap'],
}

/** Names of the packages that are built again, dependencies first. */
export function rebuiltAt(plan: Plan, depth: Depth): string[] {
  return [...plan.nodes].filter(([, { recipe }]) => ROLES[depth].includes(recipe.role)).map(([name]) => name)
}
