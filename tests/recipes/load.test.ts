import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Recipe } from '../../src/model/recipe.ts'
import { makePlan } from '../../src/plan/plan.ts'
import { RecipeLoader } from '../../src/recipes/load.ts'
import { isInRange } from '../../src/util/version.ts'
import { ROOT } from '../support/mrrl.ts'
import { rejects } from '../support/rejects.ts'
import { spec } from '../support/spec.ts'
import { withFolder } from '../support/tools.ts'

const OWN = join(ROOT, 'recipes')

spec('loading recipes', (test) => {
  test('takes all that come with mrrl, and makes plans of them', async () => {
    const loader = new RecipeLoader([OWN])
    assert.equal(
      loader.profileNames().filter((name) => ['mini', 'x86_64'].includes(name)),
      ['mini', 'x86_64'],
    )
    for (const name of loader.profileNames()) {
      const plan = await makePlan(await loader.profile(name), loader)
      assert.ok(plan.nodes.size > 2, name)
    }
  })

  test('of mrrl say where newer versions are, and agree where they share an archive', async () => {
    const loader = new RecipeLoader([OWN])
    const byArchive = new Map<string, Recipe>()
    for (const name of readdirSync(join(OWN, 'packages'))) {
      const recipe = await loader.recipe(name)
      if (recipe.sources.length > 0 && name !== 'linux-headers') assert.not.equal(recipe.update.indexes, [], name)
      if (recipe.update.range !== '') assert.ok(isInRange(recipe.version, recipe.update.range), name)
      for (const { integrity } of recipe.sources) {
        const other = byArchive.get(integrity) ?? recipe
        assert.equal([other.version, other.update], [recipe.version, recipe.update], `${name} and ${other.name}`)
        byArchive.set(integrity, recipe)
      }
    }
  })

  test('names the nearest profile, package or toolchain', async () => {
    const loader = new RecipeLoader([OWN])
    const profile = await rejects('E_PROFILE_UNKNOWN', () => loader.profile('mimi'))
    assert.is(profile.hint, 'Did you mean mini?')
    const recipe = await rejects('E_PACKAGE_UNKNOWN', () => loader.recipe('bussybox'))
    assert.is(recipe.hint, 'Did you mean busybox?')
    const toolchain = await rejects('E_PACKAGE_UNKNOWN', () => loader.toolchain('gcc14'))
    assert.is(toolchain.hint, 'Did you mean gcc-14?')
  })

  test('names nothing that is far away', async () => {
    const error = await rejects('E_PROFILE_UNKNOWN', () => new RecipeLoader([OWN]).profile('windows'))
    assert.not.match(error.hint, /Did you mean/)
  })

  test('never leaves its folders', async () => {
    for (const name of ['../profiles/mini', '..', '.', '/etc/passwd', 'mini/../mini', '']) {
      await rejects('E_PROFILE_UNKNOWN', () => new RecipeLoader([OWN]).profile(name))
      await rejects('E_PACKAGE_UNKNOWN', () => new RecipeLoader([OWN]).recipe(name))
    }
  })

  test('takes the first folder that has a name', () =>
    withFolder(async (folder) => {
      write(folder, 'packages/make/recipe.ts', recipe('make', '9.9'))
      assert.is((await new RecipeLoader([folder, OWN]).recipe('make')).version, '9.9')
      assert.is((await new RecipeLoader([OWN, folder]).recipe('make')).version, '4.4.1')
    }))

  test('says which file does not load, and why', () =>
    withFolder(async (folder) => {
      write(folder, 'packages/torn/recipe.ts', 'export default defineRecipe({')
      write(folder, 'packages/lost/recipe.ts', "import './nowhere.ts'\nexport default {}")
      write(folder, 'packages/other/recipe.ts', recipe('another', '1'))
      const loader = new RecipeLoader([folder])
      const torn = await rejects('E_RECIPE_INVALID', () => loader.recipe('torn'))
      assert.match(torn.message, /^recipes\/packages\/torn\/recipe\.ts: cannot be loaded/)
      const lost = await rejects('E_RECIPE_INVALID', () => loader.recipe('lost'))
      assert.match(lost.message, /nowhere\.ts/)
      const other = await rejects('E_RECIPE_INVALID', () => loader.recipe('other'))
      assert.is(other.fields.field, 'name')
    }))
})

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function recipe(name: string, version: string): string {
  return `import { defineRecipe } from 'mrrl'
export default defineRecipe({
  name: '${name}', version: '${version}', summary: 'For tests', license: 'MIT', homepage: 'https://example.org',
  sources: () => [], build: { install: 'true' },
})`
}
