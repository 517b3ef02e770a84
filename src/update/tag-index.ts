import { isLoopback } from '../fetch/locations.ts'
import { askJson, field, indexError, tooMuch } from './ask.ts'
import { type Index, namesOnly, type Subject } from './index-answer.ts'
import { type NamePattern, parsePattern, versionIn } from './name-pattern.ts'
import type { UpdateSession } from './session.ts'

const PER_PAGE = 100

/** Versions by the tags of a repository on GitHub, GET /repos/{owner}/{repo}/tags. */
export async function openGithubTags(
  name: string,
  path: string,
  subject: Subject,
  session: UpdateSession,
): Promise<Index> {
  const base = `${session.config.hosts.github}/repos/${path}/tags`
  return namesOnly(name, versionsOf(await readTags(base, session), subject), true)
}

/** Versions by the tags of a project on a GitLab server, GET /projects/:id/repository/tags. */
export async function openGitlabTags(
  name: string,
  { host, path }: { readonly host: string; readonly path: string },
  subject: Subject,
  session: UpdateSession,
): Promise<Index> {
  const scheme = isLoopback(new URL(`http://${host}`)) ? 'http' : 'https'
  const base = `${scheme}://${host}/api/v4/projects/${encodeURIComponent(path)}/repository/tags`
  return namesOnly(name, versionsOf(await readTags(base, session), subject), true)
}

async function readTags(base: string, session: UpdateSession): Promise<readonly string[]> {
  return session.once(base, async () => {
    const { config } = session
    const names: string[] = []
    for (let page = 1; page <= config.limits.pages; page++) {
      const url = `${base}?per_page=${PER_PAGE}&page=${page}`
      const question = { url, bytes: config.limits.bytes, headers: { accept: 'application/json' }, mayMove: false }
      const tags = await askJson(question, config)
      if (!Array.isArray(tags)) throw indexError(url, 'it lists no tags')
      if (tags.length > PER_PAGE) throw tooMuch(url, `a page has ${tags.length} tags`)
      for (const tag of tags) {
        const name = field(tag, 'name')
        if (typeof name !== 'string') throw indexError(url, 'a tag has no name')
        names.push(name)
      }
      if (tags.length < PER_PAGE) return names
    }
    throw tooMuch(base, `there are more than ${config.limits.pages} pages of tags`)
  })
}

/** A tag may write `2_44` or `2-44` where the version is `2.44`, as many did under CVS. */
function versionsOf(tags: readonly string[], { name, pattern }: Subject): string[] {
  const usual = ['{version}', 'v{version}', `${name}-{version}`, `${name}-v{version}`]
  const patterns = (pattern === '' ? usual : [pattern]).map(parsePattern).filter((each) => each !== undefined)
  return tags.flatMap((tag) => {
    const version = firstFit(tag, patterns)
    if (version === undefined) return []
    return [/^[0-9]+([_-][0-9]+)+$/.test(version.slice(0, 64)) ? version.replace(/[_-]/g, '.') : version]
  })
}

function firstFit(tag: string, patterns: readonly NamePattern[]): string | undefined {
  for (const pattern of patterns) {
    const version = versionIn(tag, pattern)
    if (version !== undefined && /^[0-9]/.test(version)) return version
  }
  return undefined
}
