import type { Call } from '../context.ts'
import type { Options } from '../options.ts'

/** One command: what help and documentation say of it, and what runs it. */
export interface CommandRow {
  /** Words after `mrrl`. */
  readonly name: string
  readonly summary: string
  /** What a user needs to know beyond the summary. */
  readonly about: string
  readonly args: readonly ArgumentRow[]
  readonly options: readonly (keyof Options)[]
  /** Command line, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Does the work and returns the exit status. Loads what it needs only now, so that help is quick. */
  readonly run: (call: Call) => Promise<number>
}

/** One argument of a command. */
export interface ArgumentRow {
  readonly name: string
  readonly about: string
  readonly isOptional?: boolean
  /** True for the last one where any number may be given; all of them follow in the call's `args`. */
  readonly isList?: boolean
}

/** The argument as help shows it: `<name>`, `[name]`, `<name...>` or `[name...]`. */
export function shownArgument({ name, isOptional, isList }: ArgumentRow): string {
  const text = isList ? `${name}...` : name
  return isOptional ? `[${text}]` : `<${text}>`
}

/** Arguments that several commands take. */
export const PROFILE = { name: 'profile', about: 'name of a profile, see: mrrl ls' }
export const PACKAGE = { name: 'package', about: 'name of a package, see: mrrl ls <profile>' }
export const IMAGE = { name: 'image', about: 'path of an image file: tar, cpio or squashfs' }

/** Options of everything that builds. */
export const BUILD_OPTIONS = [
  'jobs',
  'keepGoing',
  'sandbox',
  'mirror',
  'offline',
  'recipes',
  'json',
  'quiet',
  'color',
] as const
