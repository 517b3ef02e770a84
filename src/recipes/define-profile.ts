import type { Arch, BuildOptions, Format, Group, Permission, ProfileFile, User } from '../model/profile.ts'

/** A profile as its author writes it. `parseProfile` checks it and fills in the defaults. */
export interface ProfileInput {
  readonly name: string
  readonly summary: string
  readonly target: { readonly arch: Arch; readonly cpu?: BuildOptions['cpu']; readonly kernel?: string }
  readonly toolchain: string
  readonly packages: readonly string[]
  readonly build?: Partial<Omit<BuildOptions, 'cpu'>>
  readonly packageBuild?: Readonly<Record<string, Partial<BuildOptions>>>
  readonly shell?: string
  readonly init?: string
  readonly locales?: readonly string[]
  /** Added to root and nobody. */
  readonly users?: readonly User[]
  readonly groups?: readonly Group[]
  readonly files?: readonly ProfileFile[]
  readonly permissions?: readonly Permission[]
  readonly overrides?: Readonly<Record<string, string>>
  readonly formats?: readonly Format[]
  readonly epoch?: number
}

/** States a profile; the types guide the author, the checks happen when it is loaded. */
export function defineProfile(input: ProfileInput): ProfileInput {
  return input
}
