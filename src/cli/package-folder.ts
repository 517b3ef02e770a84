import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** True when this runs from the sources of a checkout, not from the published package. */
const IS_CHECKOUT = import.meta.url.endsWith('.ts')

/** Folder of the package `mrrl` itself. */
export const PACKAGE_FOLDER: string = fileURLToPath(
  new URL(IS_CHECKOUT ? '../..' : '../../..', import.meta.url),
).replace(/\/$/, '')

/** The recipes that come with mrrl. */
export const OWN_RECIPES: string = join(PACKAGE_FOLDER, IS_CHECKOUT ? 'recipes' : 'dist/recipes')

/** The locks that come with mrrl. */
export const OWN_LOCKS: string = join(PACKAGE_FOLDER, 'locks')

/** Version of the package. */
export function ownVersion(): string {
  return JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')).version
}

/** Range of Node versions that the package runs on. */
export function wantedNode(): string {
  return JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')).engines.node
}
