// Shapes of what recipes, profiles, toolchains and locks say. None of them lets through a path where a name is meant.

export const PACKAGE_NAME: RegExp = /^[a-z0-9][a-z0-9+-]*$/
export const PROFILE_NAME: RegExp = /^[a-z0-9][a-z0-9_+-]*$/
export const TOOLCHAIN_NAME: RegExp = /^[a-z0-9][a-z0-9_.+-]*$/
export const TRIPLE: RegExp = /^[a-z0-9_]+(-[a-z0-9_]+)+$/
export const VERSION: RegExp = /^[0-9][0-9A-Za-z.+~-]*$/
/** An SPDX licence expression. */
export const LICENSE: RegExp = /^[A-Za-z0-9.+() -]+$/
const WEB = 'https://|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])[:/]'
/** A URL; plain http within this machine only. What asks for it reads it closer. */
export const WEB_ADDRESS: RegExp = new RegExp(`^(${WEB})[^\\s\\p{C}]+$`, 'u')
/** A location of a source; what fetches it reads it closer. */
export const LOCATION: RegExp = new RegExp(`^(${WEB}|file:|npm:|debian:)[^\\s\\p{C}]+$`, 'u')
/** Subresource integrity with one strong hash. */
export const INTEGRITY: RegExp = /^sha(256-[A-Za-z0-9+/]{43}=|512-[A-Za-z0-9+/]{86}==)$/
/** The name of a file beside a recipe. */
export const FILE_NAME: RegExp = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
/** A path or glob that stays below where it starts. */
export const RELATIVE: RegExp = /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0]*$/
