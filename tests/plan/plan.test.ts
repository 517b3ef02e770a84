import * as assert from 'uvu/assert'
import type { Profile } from '../../src/model/profile.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { USUAL_SEED } from '../../src/model/seed.ts'
import { profileDigest, recipeDigest } from '../../src/plan/digests.ts'
import { environmentFor } from '../../src/plan/environment.ts'
import { makePlan, type Plan, type RecipeSource, SHELL_PACKAGE } from '../../src/plan/plan.ts'
import { parseProfile } from '../../src/recipes/parse-profile.ts'
import { parseRecipe } from '../../src/recipes/parse-recipe.ts'
import { parseToolchain } from '../../src/recipes/parse-toolchain.ts'
import { MrrlError } from '../../src/util/errors.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'

const SEED_TOOLCHAIN = {
  kind: 'prebuilt',
  name: USUAL_SEED,
  gcc: '4.8.5',
  license: 'MIT',
  homepage: 'https://example.org',
  targets: {
    x86_64: {
      triple: 'x86_64-seed-linux-gnu',
      sysroot: 'sysroot',
      source: { from: ['npm:seed@1.0.0'], integrity: `sha256-${'A'.repeat(43)}=`, size: 1 },
    },
  },
  replaces: { libc: 'libc-prebuilt' },
}

const SYSTEM_TOOLCHAIN = {
  kind: 'system',
  name: 'system',
  gcc: '12.2.0',
  license: 'MIT',
  homepage: 'https://example.org',
  triple: 'x86_64-system-linux-gnu',
  sources: [SEED_TOOLCHAIN.targets.x86_64.source],
  utilities: [SEED_TOOLCHAIN.targets.x86_64.source],
}

const SOURCE_TOOLCHAIN = {
  kind: 'source',
  name: 'own',
  gcc: '14.2.0',
  triples: { x86_64: 'x86_64-own-linux-gnu' },
  packages: ['compiler'],
  sysroot: ['libc'],
}

const RECIPES: Readonly<Record<string, object>> = {
  [SHELL_PACKAGE]: { role: 'bootstrap' },
  make: { role: 'tool' },
  compiler: { role: 'cross', needs: { build: ['make'] } },
  libc: { needs: { build: ['make'] } },
  'libc-prebuilt': {},
  zlib: {},
  app: { needs: { build: ['make'], target: ['zlib'], runtime: ['data'] } },
  data: {},
}

const PROFILE: object = {
  name: 'test',
  summary: 'For tests',
  target: { arch: 'x86_64' },
  toolchain: 'own',
  packages: ['libc', 'app'],
}

spec('plans', (test) => {
  test('hold all that is needed, each after what it needs', async () => {
    const plan = await planFor({})
    const order = [...plan.nodes.keys()]
    assert.equal([...order].sort(), ['app', SHELL_PACKAGE, 'compiler', 'data', 'libc', 'make', 'zlib'])
    for (const [name, { tools, cross, sysroot }] of plan.nodes) {
      for (const need of [...tools, ...cross, ...sysroot]) assert.ok(order.indexOf(need) < order.indexOf(name))
    }
  })

  test('put into the image what was asked for and what must come with it, but no build tools', async () => {
    assert.equal((await planFor({})).contents, ['app', 'data', 'libc'])
  })

  test('give target packages the compiler and the C library', async () => {
    const plan = await planFor({})
    const app = plan.nodes.get('app')
    assert.equal([app?.tools, app?.cross, app?.sysroot], [[SHELL_PACKAGE, 'make'], ['compiler'], ['libc', 'zlib']])
    assert.equal(plan.nodes.get('libc')?.sysroot, [])
  })

  test('take from a downloaded toolchain what it brings', async () => {
    const plan = await planFor({}, { toolchain: USUAL_SEED })
    assert.equal(plan.contents, ['app', 'data', 'libc-prebuilt'])
    assert.is(plan.triple, 'x86_64-seed-linux-gnu')
    assert.equal(plan.nodes.get('app')?.cross, [])
  })

  test('with packages that need each other are refused, and the circle is named', async () => {
    const circle = { zlib: { needs: { target: ['data'] } }, data: { needs: { target: ['zlib'] } } }
    const error = await rejects('E_RECIPE_CYCLE', () => planFor(circle))
    const names = error.fields.circle as string[]
    assert.is(names[0], names.at(-1))
    assert.equal([...new Set(names)].sort(), ['data', 'zlib'])
  })

  test('with a package that needs itself are refused', async () => {
    const error = await rejects('E_RECIPE_CYCLE', () => planFor({ zlib: { needs: { target: ['zlib'] } } }))
    assert.equal(error.fields.circle, ['zlib', 'zlib'])
  })

  test('with tools that run on the target are refused', async () => {
    const error = await rejects('E_RECIPE_INVALID', () => planFor({ data: { needs: { build: ['zlib'] } } }))
    assert.match(error.message, /needs\.build names zlib/)
  })

  test('with unknown packages are refused', async () => {
    await rejects('E_PACKAGE_UNKNOWN', () => planFor({ data: { needs: { runtime: ['nothing'] } } }))
  })

  test('for a machine that the toolchain does not know are refused', async () => {
    await rejects('E_RECIPE_INVALID', () => planFor({}, { target: { arch: 'aarch64' } }))
  })
})

spec('plans with another seed', (test) => {
  test('take its programs for everything but target packages, and are the same otherwise', async () => {
    const [usual, other] = [await planFor({}), await planFor({}, {}, 'system')]
    assert.equal([...other.nodes], [...usual.nodes])
    const [make, app] = ['make', 'app'].map((name) => variables(other, name))
    assert.is(make?.get('BUILD_CC'), '/seed/bin/x86_64-system-linux-gnu-gcc')
    assert.is(app?.get('CC'), variables(usual, 'app').get('CC'))
  })

  test('see its libraries and headers in their usual places, and its utilities in bootstrap steps alone', async () => {
    const { seed } = await planFor({}, {}, 'system')
    assert.equal(Object.keys(seed.places).sort(), ['/lib', '/lib64', '/seed', '/usr/include', '/usr/lib'])
    assert.equal(Object.keys(seed.bootstrapPlaces).sort(), ['/bin', '/lib', '/lib64', '/seed', '/usr'])
  })

  test('have the same digest: which seed a run takes is no part of a lock', async () => {
    assert.is(profileDigest(await planFor({}, {}, 'system')), profileDigest(await planFor({})))
  })

  test('are refused with a toolchain that is compiled itself', async () => {
    await rejects('E_RECIPE_INVALID', () => planFor({}, {}, 'own'))
  })

  test('are refused where a profile wants that seed for its packages', async () => {
    const error = await rejects('E_RECIPE_INVALID', () => planFor({}, { toolchain: 'system' }))
    assert.is(error.fields.field, 'toolchain')
  })
})

spec('digests of recipes', (test) => {
  const recipe = recipeOf('app', RECIPES.app ?? {})

  test('change with everything that decides the bits', () => {
    const changes: Partial<Recipe>[] = [
      { version: '2.0' },
      { env: { A: '1' } },
      { build: { ...recipe.build, install: 'other' } },
      { remove: ['x'] },
    ]
    const digests = [recipe, ...changes.map((change) => ({ ...recipe, ...change }))].map((one) =>
      recipeDigest(one, new Map()),
    )
    assert.is(new Set(digests).size, digests.length)
    assert.is.not(recipeDigest(recipe, new Map([['config', 'x' as never]])), digests[0])
  })

  test('do not change with the place of the recipe or the order of the work', () => {
    const other = { ...recipe, folder: '/elsewhere', weight: 999 }
    assert.is(recipeDigest(other, new Map()), recipeDigest(recipe, new Map()))
  })

  test('of profiles change with the toolchain and the contents', async () => {
    const plans = [
      await planFor({}),
      await planFor({}, { toolchain: USUAL_SEED }),
      await planFor({}, { packages: ['libc'] }),
    ]
    assert.is(new Set(plans.map((plan) => profileDigest(plan))).size, 3)
  })
})

const TOOLCHAINS: Readonly<Record<string, object>> = { [USUAL_SEED]: SEED_TOOLCHAIN, system: SYSTEM_TOOLCHAIN }

function variables(plan: Plan, name: string): ReadonlyMap<string, string> {
  const node = plan.nodes.get(name)
  if (node === undefined) throw new Error(`no package ${name}`)
  return environmentFor(plan, node)
}

function planFor(
  changes: Readonly<Record<string, object>>,
  profile: object = {},
  seed: string = USUAL_SEED,
): Promise<Plan> {
  const all: Readonly<Record<string, object>> = { ...RECIPES, ...changes }
  const parsed: Profile = parseProfile({ ...PROFILE, ...profile }, 'test.ts')
  const source: RecipeSource = {
    recipe: async (name) => {
      const recipe = all[name]
      if (recipe === undefined) throw new MrrlError('E_PACKAGE_UNKNOWN', name)
      return recipeOf(name, recipe)
    },
    toolchain: async (name) => parseToolchain(TOOLCHAINS[name] ?? SOURCE_TOOLCHAIN, `${name}.ts`),
  }
  return makePlan(parsed, source, seed)
}

function recipeOf(name: string, changes: object): Recipe {
  const base = { name, version: '1.0', summary: 'x', license: 'MIT', homepage: 'https://example.org' }
  return parseRecipe({ ...base, sources: () => [], build: { install: 'true' }, ...changes }, `${name}.ts`, '/')
}
