import type { Recipe } from '../model/recipe.ts'
import { copiesSource, PLACES } from './environment.ts'

/** The script `/step/run` of a build: the recipe's steps in one shell that starts in `/build`. */
export function stepScript(recipe: Recipe): string {
  const parts = ['set -eu', 'umask 022', `cd ${PLACES.build}`]
  if (copiesSource(recipe)) {
    parts.push(
      "echo '== copy the source'",
      `mkdir ${PLACES.build}/src`,
      `cp -Rp ${PLACES.source}/. ${PLACES.build}/src/`,
      `chmod -R u+w ${PLACES.build}/src`,
    )
  }
  for (const patch of recipe.patches) {
    parts.push(`echo '== patch ${patch}'`, `(cd "$SRC" && patch -p1 < "$FILES/${patch}")`)
  }
  for (const [name, script] of Object.entries(recipe.build)) {
    if (script.trim() !== '') parts.push(`echo '== ${name}'`, dedent(script))
  }
  return `${parts.join('\n')}\n`
}

/** Removes the indentation that a script has from standing in a module. */
function dedent(script: string): string {
  const lines = script.replace(/^\n/, '').trimEnd().split('\n')
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const common = Math.min(...indents)
  return lines.map((line) => line.slice(common)).join('\n')
}
