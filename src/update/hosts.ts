import { isIP } from 'node:net'
import { parseLocation } from '../fetch/locations.ts'
import type { Source } from '../model/recipe.ts'
import { MrrlError } from '../util/errors.ts'

/** Throws `E_UPDATE_HOST` when a new source lies where none of the old ones' locations did. */
export function checkHosts(name: string, before: readonly Source[], after: readonly Source[]): void {
  const known = new Set(before.flatMap(({ from }) => from.map(keeperOf)))
  for (const location of after.flatMap(({ from }) => from)) {
    const keeper = keeperOf(location)
    if (known.has(keeper)) continue
    throw new MrrlError('E_UPDATE_HOST', `${name} would come from another place than before`, {
      fields: { location, before: [...known].sort(), after: keeper },
    })
  }
}

/** True for hosts that one owner is unlikely to have both of: their last two labels differ. */
export function areIndependent(a: string, b: string): boolean {
  return ownerOf(a) !== ownerOf(b)
}

/** Who decides what lies at a location: scheme and host, npm package, or Debian source package. */
function keeperOf(text: string): string {
  const location = parseLocation(text)
  if (location.kind === 'url') return new URL(location.url).origin
  if (location.kind === 'npm') return `npm:${location.name}`
  if (location.kind === 'debian') return `debian:${location.path.slice(0, location.path.lastIndexOf('/'))}`
  return 'file:'
}

function ownerOf(host: string): string {
  const plain = host.replace(/^\[|\]$/g, '')
  return isIP(plain) === 0 ? plain.split('.').slice(-2).join('.') : plain
}
