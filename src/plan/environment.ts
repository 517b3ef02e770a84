import type { Recipe } from '../model/recipe.ts'
import { compilerEnvironment } from '../toolchain/compiler.ts'
import type { Plan, PlanNode } from './plan.ts'

/** Fixed places in the sandbox of every build. */
export const PLACES = {
  source: '/src',
  files: '/files',
  build: '/build',
  output: '/out',
  seed: '/seed',
  cross: '/cross',
  sysroot: '/sysroot',
  tools: '/tools',
  step: '/step',
  jobserver: '/run/jobserver',
} as const

/**
 * Triple of programs that run while building. It differs from every target's, so that no `configure` takes a cross
 * build for a native one.
 */
const BUILD_TRIPLE = 'x86_64-build-linux-gnu'

/** The complete environment of a build, without what the running machine adds (`MAKEFLAGS`). */
export function environmentFor(plan: Plan, node: PlanNode): ReadonlyMap<string, string> {
  const { recipe } = node
  const seedProgram = (name: string): string => `${PLACES.seed}/bin/${plan.seed.triple}-${name}`
  const env = new Map<string, string>([
    ['PATH', pathFor(node)],
    ['HOME', PLACES.build],
    ['TZ', 'UTC'],
    ['LC_ALL', 'C'],
    ['SOURCE_DATE_EPOCH', String(plan.profile.epoch)],
    ['SRC', copiesSource(recipe) ? `${PLACES.build}/src` : PLACES.source],
    ['OUT', PLACES.output],
    ['FILES', PLACES.files],
    ['NAME', recipe.name],
    ['VERSION', recipe.version],
    ['BUILD_TRIPLE', BUILD_TRIPLE],
    ['BUILD_CC', seedProgram('gcc')],
    ['BUILD_CXX', seedProgram('g++')],
    ['BUILD_AR', seedProgram('ar')],
    ['BUILD_RANLIB', seedProgram('ranlib')],
    ['BUILD_STRIP', seedProgram('strip')],
    ['BUILD_LD', seedProgram('ld')],
    ['BUILD_NM', seedProgram('nm')],
  ])
  if (recipe.role === 'cross' || recipe.role === 'target') addTarget(env, plan)
  if (recipe.role === 'target') {
    const { toolchain, triple, profile } = plan
    const compiler = compilerEnvironment(toolchain, triple, profile, recipe.name, PLACES.sysroot)
    for (const [name, value] of compiler) env.set(name, value)
  }
  for (const [name, value] of Object.entries(recipe.env)) env.set(name, value)
  return env
}

/** True when the build works in a writable copy of the source. */
export function copiesSource(recipe: Recipe): boolean {
  return recipe.patches.length > 0 || recipe.env.COPY_SOURCE !== undefined
}

/** The build's own prefix: what it installs there is its tree. */
export function prefixOf(recipe: Recipe): string {
  if (recipe.role === 'target') return ''
  return recipe.role === 'cross' ? PLACES.cross.slice(1) : `${PLACES.tools.slice(1)}/${recipe.name}`
}

function pathFor(node: PlanNode): string {
  const tools = node.tools.map((name) => `${PLACES.tools}/${name}/bin`)
  // The utilities come last: a tool of its own is there because it does more.
  const ordered = [
    ...tools.filter((path) => !path.includes('busybox')),
    ...tools.filter((path) => path.includes('busybox')),
  ]
  const host = node.recipe.role === 'bootstrap' ? ['/usr/bin', '/bin'] : []
  return [...ordered, `${PLACES.cross}/bin`, `${PLACES.seed}/bin`, ...host].join(':')
}

function addTarget(env: Map<string, string>, plan: Plan): void {
  env.set('TARGET', plan.triple)
  env.set('ARCH', plan.profile.arch)
  env.set('KERNEL_MIN', plan.profile.kernel)
}
