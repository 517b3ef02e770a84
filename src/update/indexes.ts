import { isLoopback } from '../fetch/locations.ts'
import { MrrlError } from '../util/errors.ts'
import { openDebianIndex } from './debian-index.ts'
import type { Index, Subject } from './index-answer.ts'
import { openKernelIndex } from './kernel-index.ts'
import { openListing } from './listing-index.ts'
import { openNpmIndex } from './npm-index.ts'
import type { UpdateSession } from './session.ts'
import { openGithubTags, openGitlabTags } from './tag-index.ts'

/** One index as a recipe names it. */
export type IndexName =
  | { readonly kind: 'npm'; readonly name: string }
  /** `suite` is '' for all suites of the machine. */
  | { readonly kind: 'debian'; readonly name: string; readonly suite: string }
  | { readonly kind: 'listing'; readonly url: string }
  | { readonly kind: 'github'; readonly path: string }
  | { readonly kind: 'gitlab'; readonly host: string; readonly path: string }
  | { readonly kind: 'kernel' }

const SHAPES = {
  npm: /^npm:((?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*)$/,
  debian: /^debian:([a-z0-9][a-z0-9+.-]+)(?:@([a-z0-9][a-z0-9./-]*))?$/,
  github: /^github:([A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+)$/,
  gitlab:
    /^gitlab:([A-Za-z0-9.-]+(?::[0-9]{1,5})?)\/([A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+)$/,
}

/** Reads the name of an index. Throws `E_RECIPE_INVALID` for any other text. */
export function parseIndex(text: string): IndexName {
  if (text === 'kernel.org') return { kind: 'kernel' }
  const [, npm] = SHAPES.npm.exec(text) ?? []
  if (npm !== undefined) return { kind: 'npm', name: npm }
  const [, debian, suite = ''] = SHAPES.debian.exec(text) ?? []
  if (debian !== undefined && !suite.includes('..')) return { kind: 'debian', name: debian, suite }
  const [, github] = SHAPES.github.exec(text) ?? []
  if (github !== undefined) return { kind: 'github', path: github }
  const [, host, path] = SHAPES.gitlab.exec(text) ?? []
  if (host !== undefined && path !== undefined) return { kind: 'gitlab', host, path }
  if (/^https?:\/\//.test(text) && URL.canParse(text)) {
    const url = new URL(text)
    const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === ''
    const isSafe = url.protocol === 'https:' || isLoopback(url)
    if (isPlain && isSafe && url.pathname.endsWith('/')) return { kind: 'listing', url: url.href }
  }
  throw new MrrlError('E_RECIPE_INVALID', `not an index: ${JSON.stringify(text)}`, {
    fields: { index: text },
    hint:
      'Indexes are npm:<package>, debian:<source package>[@<suite>], https://…/, github:<owner>/<repository>, ' +
      'gitlab:<host>/<path> and kernel.org.',
  })
}

/** Asks an index. Throws `E_INDEX*`, `E_OFFLINE`, or the signal's reason. */
export async function openIndex(text: string, subject: Subject, session: UpdateSession): Promise<Index> {
  const index = parseIndex(text)
  const { kind } = index
  if (kind === 'npm') return openNpmIndex(text, index.name, session)
  if (kind === 'debian') return openDebianIndex(text, index, subject, session)
  if (kind === 'github') return openGithubTags(text, index.path, subject, session)
  if (kind === 'gitlab') return openGitlabTags(text, index, subject, session)
  if (kind === 'kernel') return openKernelIndex(text, session)
  return openListing(text, index.url, subject, session)
}
