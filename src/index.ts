export type { Needs, OutputName, Recipe, Role, Source, Steps } from './model/recipe.ts'
export { defineRecipe, type RecipeInput } from './recipes/define-recipe.ts'
