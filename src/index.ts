export { defineProfile, type ProfileInput } from './recipes/define-profile.ts'
export {
  defineRecipe,
  type RecipeInput,
  type SignatureInput,
  type SourceInput,
  type UpdateInput,
} from './recipes/define-recipe.ts'
export { defineToolchain, type ToolchainInput } from './recipes/define-toolchain.ts'
