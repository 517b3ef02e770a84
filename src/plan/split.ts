import { OUTPUT_NAMES, type OutputName, type Recipe } from '../model/recipe.ts'
import type { TreeEntry } from '../model/tree.ts'
import { globMatcher } from '../util/glob.ts'

/** Where a file goes that no glob of its recipe names; the first match wins, and the rest is runtime. */
const DEFAULTS: readonly (readonly [OutputName, readonly string[]])[] = [
  ['debug', ['usr/lib/debug/**', '**/*.debug']],
  ['dev', ['**/include/**', '**/*.o', '**/pkgconfig/**', '**/*.pc', '**/aclocal/**', '**/cmake/**']],
  ['static', ['**/*.a', '**/*.la']],
  ['doc', ['**/share/man/**', '**/share/info/**', '**/share/doc/**', '**/share/gtk-doc/**']],
  ['locale', ['**/share/locale/**', '**/share/i18n/**', '**/lib/locale/**']],
]

/** Where one installed file goes, and the rule that says so. */
export interface OutputRule {
  readonly output: OutputName | 'removed'
  /** The glob that matches; '' when none does, which makes it a runtime file. */
  readonly glob: string
  /** True for a glob of the recipe, false for one that holds for every package. */
  readonly isOwn: boolean
}

/** The rule by which {@link splitOutputs} puts a path where it is. */
export function ruleFor(recipe: Recipe, path: string): OutputRule {
  const matching = (globs: readonly string[]): string | undefined => globs.find((glob) => globMatcher([glob])(path))
  const own: [OutputRule['output'], readonly string[]][] = OUTPUT_NAMES.map((name) => [
    name,
    recipe.outputs[name] ?? [],
  ])
  for (const [output, globs] of [['removed', recipe.remove] as const, ...own]) {
    const glob = matching(globs)
    if (glob !== undefined) return { output, glob, isOwn: true }
  }
  for (const [output, globs] of DEFAULTS) {
    const glob = matching(globs)
    if (glob !== undefined) return { output, glob, isOwn: false }
  }
  return { output: 'runtime', glob: '', isOwn: false }
}

/** Splits what a package installed into its outputs. Empty folders stay with the runtime files. */
export function splitOutputs(
  recipe: Recipe,
  installed: readonly TreeEntry[],
): Readonly<Record<OutputName, TreeEntry[]>> {
  const removed = globMatcher(recipe.remove)
  const own = OUTPUT_NAMES.flatMap((name) => {
    const globs = recipe.outputs[name]
    return globs === undefined ? [] : [[name, globMatcher(globs)] as const]
  })
  const fallback = DEFAULTS.map(([name, globs]) => [name, globMatcher(globs)] as const)
  const outputs: Record<OutputName, TreeEntry[]> = { runtime: [], dev: [], static: [], doc: [], locale: [], debug: [] }
  const parents = new Set(installed.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))
  for (const entry of installed) {
    if (removed(entry.path)) continue
    if (entry.kind === 'directory' && parents.has(entry.path)) continue // comes back with its content
    const match = [...own, ...fallback].find(([, matches]) => matches(entry.path))
    outputs[match?.[0] ?? 'runtime'].push(entry)
  }
  return outputs
}
