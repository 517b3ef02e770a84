import type { BuildOptions, Profile } from '../model/profile.ts'
import type { CrossToolchain } from '../model/toolchain.ts'
import { MrrlError } from '../util/errors.ts'
import { isInRange } from '../util/version.ts'

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
 * GCC's words for build options. Throws `E_RECIPE_INVALID` for an option that this toolchain's GCC does not know.
 * Position-independent programs need words only with a downloaded toolchain: a compiled one makes nothing else, and
 * the words would break shared libraries there.
 */
export function flagsFor(options: BuildOptions, toolchain: CrossToolchain, profile: string): Flags {
  const needsGcc = (wanted: string, field: string): void => {
    if (isInRange(toolchain.gcc, `>=${wanted}`)) return
    const message = `profile ${profile}: ${field} needs GCC ${wanted}, toolchain ${toolchain.name} has ${toolchain.gcc}`
    throw new MrrlError('E_RECIPE_INVALID', message, { fields: { profile, field } })
  }
  const cflags = [`-O${options.optimize}`, `-march=${options.cpu}`, '-pipe']
  const ldflags = ['-Wl,-O1', '-Wl,--hash-style=gnu', '-Wl,--build-id=none', '-Wl,--as-needed']
  if (options.cpu.startsWith('x86-64-v')) needsGcc('11.0.0', `target.cpu ${options.cpu}`)
  if (options.graphite) {
    needsGcc('5.0.0', 'build.graphite')
    cflags.push('-fgraphite-identity', '-floop-nest-optimize')
  }
  if (options.lto) {
    needsGcc('10.0.0', 'build.lto')
    cflags.push('-flto=auto', '-fno-fat-lto-objects')
  }
  for (const hardening of options.hardening) {
    switch (hardening) {
      case 'stack-protector-strong':
        needsGcc('4.9.0', 'build.hardening stack-protector-strong')
        cflags.push('-fstack-protector-strong')
        break
      case 'fortify':
        cflags.push('-D_FORTIFY_SOURCE=2')
        break
      case 'relro':
        ldflags.push('-Wl,-z,relro', '-Wl,-z,now')
        break
      case 'pie':
        if (toolchain.kind === 'source') break
        cflags.push('-fPIE')
        ldflags.push('-pie')
        break
    }
  }
  return { cflags, ldflags }
}
