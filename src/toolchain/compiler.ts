import type { Profile } from '../model/profile.ts'
import type { CrossToolchain } from '../model/toolchain.ts'
import { flagsFor, optionsFor } from './flags.ts'

/** Programs that a build reaches by a variable of their name in capitals. */
const PROGRAMS = ['ar', 'as', 'ld', 'nm', 'objcopy', 'objdump', 'ranlib', 'readelf', 'strip'] as const

/**
 * The variables by which a target package finds its compiler and the profile's options: the same names whether the
 * toolchain was downloaded or compiled.
 * @param sysroot where headers and libraries are mounted
 */
export function compilerEnvironment(
  toolchain: CrossToolchain,
  triple: string,
  profile: Profile,
  name: string,
  sysroot: string,
): ReadonlyMap<string, string> {
  const env = new Map<string, string>()
  // A compiled toolchain has the place built in; a downloaded one would look beside itself.
  const where = toolchain.kind === 'prebuilt' ? ` --sysroot=${sysroot}` : ''
  env.set('CC', `${triple}-gcc${where}`)
  env.set('CXX', `${triple}-g++${where}`)
  for (const program of PROGRAMS) env.set(program.toUpperCase(), `${triple}-${program}`)
  const { cflags, ldflags } = flagsFor(optionsFor(profile, name), toolchain, profile.name)
  env.set('CFLAGS', cflags.join(' '))
  env.set('CXXFLAGS', cflags.join(' '))
  env.set('LDFLAGS', ldflags.join(' '))
  return env
}
