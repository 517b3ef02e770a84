import type { Arch } from '../model/profile.ts'
import type { SourceInput } from './define-recipe.ts'

/** A toolchain as its author writes it. `parseToolchain` checks it. */
export type ToolchainInput =
  | {
      readonly kind: 'prebuilt'
      readonly name: string
      readonly gcc: string
      readonly license: string
      readonly homepage: string
      readonly targets: Readonly<
        Partial<Record<Arch, { readonly triple: string; readonly source: SourceInput; readonly sysroot: string }>>
      >
      readonly replaces?: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'source'
      readonly name: string
      readonly gcc: string
      readonly triples: Readonly<Partial<Record<Arch, string>>>
      readonly packages: readonly string[]
      readonly sysroot: readonly string[]
    }
  | {
      readonly kind: 'system'
      readonly name: string
      readonly gcc: string
      readonly license: string
      readonly homepage: string
      readonly triple: string
      readonly sources: readonly SourceInput[]
      readonly utilities: readonly SourceInput[]
      readonly links?: Readonly<Record<string, string>>
    }

/** States a toolchain; the types guide the author, the checks happen when it is loaded. */
export function defineToolchain(input: ToolchainInput): ToolchainInput {
  return input
}
