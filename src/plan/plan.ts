import type { Profile } from '../model/profile.ts'
import type { Recipe } from '../model/recipe.ts'
import { type Seed, USUAL_SEED } from '../model/seed.ts'
import type { CrossToolchain, PrebuiltTarget, SourceToolchain, Toolchain } from '../model/toolchain.ts'
import { compareBytes } from '../util/compare.ts'
import { MrrlError } from '../util/errors.ts'
import { isInRange } from '../util/version.ts'
import { seedOf } from './seed.ts'

/** The recipes and toolchains of a profile, wherever they come from. */
export interface RecipeSource {
  recipe(name: string): Promise<Recipe>
  toolchain(name: string): Promise<Toolchain>
}

/** One package to build, and the packages that must be there before. */
export interface PlanNode {
  readonly recipe: Recipe
  /** Packages mounted under `/tools`, each by its name. */
  readonly tools: readonly string[]
  /** Packages merged into `/cross`. */
  readonly cross: readonly string[]
  /** Packages merged into `/sysroot`. */
  readonly sysroot: readonly string[]
}

/** Everything that a profile's images need, in an order in which it can be built. */
export interface Plan {
  readonly profile: Profile
  readonly toolchain: CrossToolchain
  /** What compiles the first program in this run. */
  readonly seed: Seed
  /** What compiles it in every build, and is locked. */
  readonly usualSeed: PrebuiltTarget
  /** The downloaded toolchain taken as it is, when the profile asks for one. */
  readonly prebuilt: PrebuiltTarget | undefined
  /** Target triple. */
  readonly triple: string
  /** By name, dependencies first. */
  readonly nodes: ReadonlyMap<string, PlanNode>
  /** Packages whose runtime files are in the image, sorted. */
  readonly contents: readonly string[]
}

/** The shell and utilities of every sealed step. */
export const SHELL_PACKAGE = 'busybox-tools'

/**
 * Resolves a profile into a plan. Pure: equal recipes give equal plans.
 * @param seed name of the toolchain that compiles the first program
 * Throws `E_PACKAGE_UNKNOWN`, `E_RECIPE_INVALID` and `E_RECIPE_CYCLE`.
 */
export async function makePlan(profile: Profile, source: RecipeSource, seed: string = USUAL_SEED): Promise<Plan> {
  const toolchain = await source.toolchain(profile.toolchain)
  if (toolchain.kind === 'system') throw onlyASeed(toolchain.name, profile.name)
  const usualSeed = targetOf(await source.toolchain(USUAL_SEED), 'x86_64')
  const prebuilt = toolchain.kind === 'prebuilt' ? targetOf(toolchain, profile.arch) : undefined
  const triple = toolchain.kind === 'prebuilt' ? prebuilt?.triple : toolchain.triples[profile.arch]
  if (usualSeed === undefined || triple === undefined) {
    throw new MrrlError('E_RECIPE_INVALID', `toolchain ${toolchain.name} makes nothing for ${profile.arch}`, {
      fields: { profile: profile.name, field: 'target.arch' },
    })
  }
  const replaces = toolchain.kind === 'prebuilt' ? toolchain.replaces : {}
  const resolver = new Resolver(source, toolchain.kind === 'source' ? toolchain : undefined, replaces)
  const contents = await resolver.closure(profile.packages)
  for (const name of contents) await resolver.visit(name, [])
  const chosen = seedOf(await source.toolchain(seed))
  return { profile, toolchain, seed: chosen, usualSeed, prebuilt, triple, nodes: resolver.nodes, contents }
}

function targetOf(toolchain: Toolchain, arch: Profile['arch']): PrebuiltTarget | undefined {
  return toolchain.kind === 'prebuilt' ? toolchain.targets[arch] : undefined
}

function onlyASeed(toolchain: string, profile: string): MrrlError {
  const message = `profile ${profile}: toolchain ${toolchain} only compiles the first program`
  return new MrrlError('E_RECIPE_INVALID', message, { fields: { profile, field: 'toolchain' } })
}

class Resolver {
  readonly nodes = new Map<string, PlanNode>()
  readonly #source: RecipeSource
  readonly #compiled: SourceToolchain | undefined
  readonly #replaces: Readonly<Record<string, string>>

  constructor(source: RecipeSource, compiled: SourceToolchain | undefined, replaces: Readonly<Record<string, string>>) {
    this.#source = source
    this.#compiled = compiled
    this.#replaces = replaces
  }

  /** The packages and all that must be in an image with them, sorted. */
  async closure(names: readonly string[]): Promise<string[]> {
    const found = new Set<string>()
    const waiting = [...names]
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const actual = this.#replaces[name] ?? name
      if (found.has(actual)) continue
      found.add(actual)
      waiting.push(...(await this.#source.recipe(actual)).needs.runtime)
    }
    return [...found].sort(compareBytes)
  }

  /** Adds a package after everything that it needs. */
  async visit(name: string, path: readonly string[]): Promise<void> {
    if (this.nodes.has(name)) return
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name]
      throw new MrrlError('E_RECIPE_CYCLE', `packages need each other in a circle: ${circle.join(' → ')}`, {
        fields: { circle },
      })
    }
    const recipe = await this.#source.recipe(name)
    await this.#checkVersions(recipe)
    const node = await this.#node(recipe)
    for (const need of [...node.tools, ...node.cross, ...node.sysroot]) await this.visit(need, [...path, name])
    this.nodes.set(name, node)
  }

  async #checkVersions(recipe: Recipe): Promise<void> {
    for (const [name, range] of Object.entries(recipe.needs.ranges)) {
      const { version } = await this.#source.recipe(name)
      if (isInRange(version, range)) continue
      throw new MrrlError('E_RECIPE_INVALID', `recipe ${recipe.name} needs ${name} ${range}, and it is ${version}`, {
        fields: { file: `recipes/packages/${recipe.name}/recipe.ts`, field: 'needs' },
      })
    }
  }

  async #node(recipe: Recipe): Promise<PlanNode> {
    const tools = new Set(recipe.role === 'bootstrap' ? [] : [SHELL_PACKAGE])
    const cross = new Set(recipe.role === 'target' ? this.#compiled?.packages : [])
    for (const name of recipe.needs.build) {
      const { role } = await this.#source.recipe(name)
      if (role === 'target') {
        throw new MrrlError(
          'E_RECIPE_INVALID',
          `recipe ${recipe.name}: needs.build names ${name}, which runs on the target`,
          {
            fields: { file: `${recipe.name}/recipe.ts`, field: 'needs.build' },
          },
        )
      }
      if (role === 'cross') cross.add(name)
      else tools.add(name)
    }
    const sysroot = new Set(recipe.needs.target)
    const isBase = this.#compiled?.sysroot.includes(recipe.name) ?? false
    if (recipe.role === 'target' && !isBase) for (const name of this.#compiled?.sysroot ?? []) sysroot.add(name)
    // What a prebuilt toolchain replaces is in its own sysroot already.
    const libraries = [...sysroot].filter((name) => this.#replaces[name] === undefined)
    return { recipe, tools: sorted(tools), cross: sorted(cross), sysroot: libraries.sort(compareBytes) }
  }
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].sort(compareBytes)
}
