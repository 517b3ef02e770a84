import type { Source } from '../model/recipe.ts'
import type { Seed } from '../model/seed.ts'
import type { SystemToolchain, Toolchain } from '../model/toolchain.ts'
import { MrrlError } from '../util/errors.ts'
import { PLACES } from './environment.ts'
import type { Plan } from './plan.ts'

/** The seed that a toolchain is. Throws `E_RECIPE_INVALID` for one that is compiled, or does not run on x86_64. */
export function seedOf(toolchain: Toolchain): Seed {
  if (toolchain.kind === 'system') return systemSeed(toolchain)
  const target = toolchain.kind === 'prebuilt' ? toolchain.targets.x86_64 : undefined
  if (target === undefined) {
    throw new MrrlError('E_RECIPE_INVALID', `toolchain ${toolchain.name} cannot compile the first program`, {
      fields: { file: `recipes/toolchains/${toolchain.name}.ts`, field: 'kind' },
    })
  }
  return {
    name: toolchain.name,
    triple: target.triple,
    sources: [target.source],
    utilities: [],
    links: {},
    // Its programs and what they compile run on its own C library.
    places: { [PLACES.seed]: '', '/lib64': `${target.sysroot}/lib` },
    bootstrapPlaces: { [PLACES.seed]: '' },
  }
}

/** Everything that a plan needs to download besides the sources of its packages. */
export function downloadsOf({ seed, prebuilt }: Plan): readonly Source[] {
  return [...seed.sources, ...seed.utilities, ...(prebuilt === undefined ? [] : [prebuilt.source])]
}

/**
 * A distribution's programs know libraries and headers by their usual places. `/usr/bin` is not among them: a sealed
 * step has no utilities but those that were compiled.
 */
function systemSeed({ name, triple, sources, utilities, links }: SystemToolchain): Seed {
  const inPlace = (folders: readonly string[]): Record<string, string> =>
    Object.fromEntries(folders.map((folder) => [`/${folder}`, folder]))
  return {
    name,
    triple,
    sources,
    utilities,
    links,
    places: { [PLACES.seed]: 'usr', ...inPlace(['lib', 'lib64', 'usr/include', 'usr/lib']) },
    bootstrapPlaces: { [PLACES.seed]: 'usr', ...inPlace(['bin', 'lib', 'lib64', 'usr']) },
  }
}
