import type { BuildOptions, Profile } from '../model/profile.ts'
import { MrrlError } from '../util/errors.ts'

/** Compiler and linker options of one target package, each a list of words. */
export interface Flags {
  readonly cflags: readonly string[]
  readonly ldflags: readonly string[]
}

/** The profile's options for one package. */
export function optionsFor(profile: Profile, name: string): BuildOptions {
  return { ...profile.options, ...profile.packageOptions[name] }
}

/**
 * GCC's words for build options.
 * @param gcc version of the compiler; throws `E_RECIPE_INVALID` for an option that it does not know
 */
export function flagsFor(options: BuildOptions, gcc: string, profile: string): Flags {
  const knows = (major: number, minor: number, field: string): void => {
    const [a = 0, b = 0] = gcc.split('.').map(Number)
    if (a > major || (a === major && b >= minor)) return
    throw new MrrlError(
      'E_RECIPE_INVALID',
      `profile ${profile}: ${field} needs GCC ${major}.${minor}, this is ${gcc}`,
      {
        fields: { profile, field },
      },
    )
  }
  const cflags = [`-O${options.optimize}`, `-march=${options.cpu}`, '-pipe']
  const ldflags = ['-Wl,-O1', '-Wl,--hash-style=gnu', '-Wl,--build-id=none', '-Wl,--as-needed']
  if (/^x86-64-v/.test(options.cpu)) knows(11, 0, `target.cpu ${options.cpu}`)
  if (options.graphite) cflags.push('-fgraphite-identity', '-floop-nest-optimize')
  if (options.graphite) knows(5, 0, 'build.graphite')
  if (options.lto) cflags.push('-flto=auto', '-fno-fat-lto-objects')
  if (options.lto) knows(10, 0, 'build.lto')
  for (const hardening of options.hardening) {
    switch (hardening) {
      case 'stack-protector-strong':
        knows(4, 9, 'build.hardening')
        cflags.push('-fstack-protector-strong')
        break
      case 'fortify':
        cflags.push('-D_FORTIFY_SOURCE=2')
        break
      case 'relro':
        ldflags.push('-Wl,-z,relro', '-Wl,-z,now')
        break
      case 'pie':
        cflags.push('-fPIE')
        ldflags.push('-pie')
        break
    }
  }
  return { cflags, ldflags }
}
