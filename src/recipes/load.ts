import { existsSync, readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Pin } from '../model/lock.ts'
import type { Profile } from '../model/profile.ts'
import type { Recipe, Source } from '../model/recipe.ts'
import type { Toolchain } from '../model/toolchain.ts'
import { MrrlError } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'
import { parseProfile } from './parse-profile.ts'
import { parseRecipe, sourcesFor } from './parse-recipe.ts'
import { parseToolchain } from './parse-toolchain.ts'

/** Finds and checks the modules below one or more recipe folders; an earlier folder wins over a later one. */
export class RecipeLoader {
  readonly #folders: readonly string[]
  readonly #pins: ReadonlyMap<string, Pin>
  readonly #recipes = new Map<string, Promise<Recipe>>()

  /**
   * Each folder holds `packages/<name>/recipe.ts`, `profiles/<name>.ts` and `toolchains/<name>.ts`.
   * @param pins versions to take instead of the recipes' own, by package
   */
  constructor(folders: readonly string[], pins: ReadonlyMap<string, Pin> = new Map()) {
    this.#folders = folders
    this.#pins = pins
    resolveOwnName()
  }

  /** Throws `E_PACKAGE_UNKNOWN` with the nearest name, or `E_RECIPE_INVALID`. */
  recipe(name: string): Promise<Recipe> {
    const known = this.#recipes.get(name)
    if (known !== undefined) return known
    const loading = this.#load(join('packages', name), 'recipe', async (exported, file, folder) => {
      const recipe = parseRecipe(exported, file, folder, this.#pins.get(name))
      if (recipe.name === name) return recipe
      throw new MrrlError('E_RECIPE_INVALID', `${file}: name must be ${name}, as its folder`, {
        fields: { file, field: 'name' },
      })
    }).then((recipe) => recipe ?? this.#unknown('E_PACKAGE_UNKNOWN', 'package', name, this.#names('packages')))
    this.#recipes.set(name, loading)
    return loading
  }

  /** Tells the sources that a recipe names for a version; hashes and sizes are still those of its own version. */
  async sourcesOf(name: string): Promise<(version: string) => readonly Source[]> {
    const sources = await this.#load(
      join('packages', name),
      'recipe',
      (exported, file) => (version: string) => sourcesFor(exported, file, version),
    )
    return sources ?? this.#unknown('E_PACKAGE_UNKNOWN', 'package', name, this.#names('packages'))
  }

  /** Throws `E_PROFILE_UNKNOWN` with the nearest name, or `E_RECIPE_INVALID`. */
  async profile(name: string): Promise<Profile> {
    const profile = await this.#load('profiles', name, (exported, file) => parseProfile(exported, file))
    return profile ?? this.#unknown('E_PROFILE_UNKNOWN', 'profile', name, this.profileNames())
  }

  async toolchain(name: string): Promise<Toolchain> {
    const toolchain = await this.#load('toolchains', name, (exported, file) => parseToolchain(exported, file))
    return toolchain ?? this.#unknown('E_PACKAGE_UNKNOWN', 'toolchain', name, this.#names('toolchains'))
  }

  profileNames(): string[] {
    return this.#names('profiles')
  }

  async #load<T>(
    folder: string,
    stem: string,
    parse: (exported: unknown, file: string, folder: string) => T | Promise<T>,
  ): Promise<T | undefined> {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(stem) || folder.includes('..')) return undefined
    for (const root of this.#folders) {
      const path = ['.ts', '.js'].map((ending) => join(root, folder, stem + ending)).find((file) => existsSync(file))
      if (path === undefined) continue
      const shown = join('recipes', relative(root, path))
      return parse(await importDefault(path, shown), shown, join(root, folder))
    }
    return undefined
  }

  #names(folder: string): string[] {
    const names = this.#folders
      .map((root) => join(root, folder))
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path))
      .filter((name) => !name.endsWith('.d.ts') && !name.endsWith('.md'))
      .map((name) => name.replace(/\.[tj]s$/, ''))
    return [...new Set(names)].sort()
  }

  #unknown(code: 'E_PACKAGE_UNKNOWN' | 'E_PROFILE_UNKNOWN', what: string, name: string, known: string[]): never {
    const near = nearest(name, known)
    throw new MrrlError(code, `there is no ${what} ${name}`, {
      fields: { name, known },
      ...(near !== undefined && { hint: `Did you mean ${near}?` }),
    })
  }
}

async function importDefault(path: string, shown: string): Promise<unknown> {
  try {
    return (await import(pathToFileURL(path).href)).default
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MrrlError('E_RECIPE_INVALID', `${shown}: cannot be loaded: ${message}`, {
      fields: { file: shown },
      cause,
    })
  }
}

let resolved = false

/** Lets recipes anywhere on disk say `import { defineRecipe } from 'mrrl'` and reach the running program. */
function resolveOwnName(): void {
  if (resolved) return
  resolved = true
  const own = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'mrrl' ? { url: own, shortCircuit: true } : next(specifier, context),
  })
}
